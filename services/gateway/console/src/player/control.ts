/** A round button of the bar. */

import { element, icon } from "./element";
import { PAUSE, PLAY } from "./icons";

export function makeControl(onclick: () => void): HTMLButtonElement {
  return element("button", { className: "player-control", type: "button", onclick });
}

/** What it shows and is called; drawn only where that has changed. */
export function drawControl(
  control: HTMLButtonElement,
  path: string,
  label: string,
  key = "",
): void {
  if (control.dataset.path !== path) {
    control.dataset.path = path;
    control.replaceChildren(icon(path));
    control.classList.toggle("solid", path === PLAY || path === PAUSE);
  }
  const title = key ? `${label} (${key})` : label;
  if (control.title === title) return;
  control.title = title;
  control.setAttribute("aria-label", label);
}
