/** The browser and system that a `User-Agent` names; those that pretend to be others come last. */

const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** Chrome · Linux; of a program, its own first word. */
export function agentText(agent: string): string {
  const named = [BROWSERS, SYSTEMS].map((all) => all.find(([sign]) => sign.test(agent))?.[1]);
  return named.filter(Boolean).join(" · ") || agent.split(" ")[0] || "—";
}
