/** Clicks and taps on the picture. */

import type { Messages } from "../i18n/viewer-en";
import { element } from "./element";

/** So soon after each other two are one gesture. A mouse waits for the second before it acts. */
const DOUBLE_TAP_MS = 300;
const DOUBLE_CLICK_MS = 220;
const SKIP_S = 10;
/** A tap left of this, or as far right, is on a side. */
const SIDE = 1 / 3;
const SHOWN_MS = 600;

export interface Gestures {
  toggle(): void;
  skip(by_s: number): void;
  fill(): void;
  /** Show the controls, or take them away. */
  reveal(): void;
}

/** A mouse plays and pauses; a finger shows the controls, and twice on a side skips. */
export function addGestures(
  surface: HTMLElement,
  root: HTMLElement,
  does: Gestures,
  t: Messages,
): void {
  let last_ms = 0;
  let timer = 0;
  surface.addEventListener("pointerup", (event) => {
    if (event.button !== 0) return;
    const isTouch = event.pointerType === "touch";
    const isDouble = event.timeStamp - last_ms < (isTouch ? DOUBLE_TAP_MS : DOUBLE_CLICK_MS);
    last_ms = isDouble ? 0 : event.timeStamp;
    clearTimeout(timer);
    if (!isTouch) {
      if (isDouble) does.fill();
      else timer = window.setTimeout(() => does.toggle(), DOUBLE_CLICK_MS);
      return;
    }
    const box = surface.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width;
    const by_s = at < SIDE ? -SKIP_S : at > 1 - SIDE ? SKIP_S : 0;
    if (isDouble && by_s !== 0) {
      does.skip(by_s);
      ripple(root, by_s, t);
    } else if (isDouble) {
      does.toggle();
    } else {
      does.reveal();
    }
  });
}

function ripple(root: HTMLElement, by_s: number, t: Messages): void {
  const shown = element("div", {
    className: `player-ripple ${by_s < 0 ? "left" : "right"}`,
    textContent: t.skipped(by_s),
  });
  root.append(shown);
  window.setTimeout(() => shown.remove(), SHOWN_MS);
}
