/** The mark: water that runs level, goes over the sill and runs on. */

const SVG = "http://www.w3.org/2000/svg";
const LINES: [path: string, opacity: string][] = [
  ["M5.5 9.5h9.2c4 0 5.3 2.2 6 6l.6 3c.6 3 2 4 5.2 4", "1"],
  ["M5.5 14.5h6.6c2.6 0 3.5 1.3 3.9 3.7l.4 1.9c.2 1.2.6 2.4 1.5 2.4", ".72"],
  ["M5.5 19.5h4.2", ".45"],
];

export function mark(): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("mark");
  const ground = document.createElementNS(SVG, "rect");
  for (const [name, value] of [["width", "32"], ["height", "32"], ["rx", "7"]] as const) {
    ground.setAttribute(name, value);
  }
  svg.append(ground);
  for (const [path, opacity] of LINES) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    line.setAttribute("opacity", opacity);
    svg.append(line);
  }
  return svg;
}
