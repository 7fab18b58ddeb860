/** The keys, and the sheet that says what they do. */

import type { Messages } from "../i18n/viewer-en";
import { element, icon } from "./element";
import { CLOSE } from "./icons";

export interface Actions {
  toggle(): void;
  skip(by_s: number): void;
  mute(): void;
  louder(step: number): void;
  fill(): void;
  float(): void;
  captions(): void;
  goTo(part: number): void;
  live(): void;
}

const LONG_S = 10;
const SHORT_S = 5;
const LOUDER = 0.1;

export class Keys {
  readonly sheet = element("div", { className: "player-sheet", hidden: true });
  private before: Element | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly actions: Actions,
    private readonly t: Messages,
    signal: AbortSignal,
  ) {
    this.fill();
    document.addEventListener("keydown", this.onKey, { signal });
  }

  toggleSheet(): void {
    this.sheet.hidden = !this.sheet.hidden;
    if (this.sheet.hidden) {
      if (this.before instanceof HTMLElement) this.before.focus();
    } else {
      this.before = document.activeElement;
      this.sheet.querySelector("button")?.focus();
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (!this.isOurs(target)) return;
    if (event.key === "Escape" && !this.sheet.hidden) return this.toggleSheet();
    const isOnButton = target instanceof HTMLButtonElement;
    if (isOnButton && (event.key === " " || event.key === "Enter")) return;
    const act = this.find(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  };

  /** What is typed elsewhere on the page, or into a field, is not for the player. */
  private isOurs(target: EventTarget | null): boolean {
    if (target === document.body) return true;
    if (!(target instanceof HTMLElement) || target.isContentEditable) return false;
    if (target instanceof HTMLInputElement && target.type !== "range") return false;
    if (target instanceof HTMLTextAreaElement) return false;
    return this.root.contains(target);
  }

  private find(key: string): (() => void) | undefined {
    const { actions } = this;
    if (/^[0-9]$/.test(key)) return () => actions.goTo(Number(key) / 10);
    return {
      " ": () => actions.toggle(),
      k: () => actions.toggle(),
      j: () => actions.skip(-LONG_S),
      l: () => actions.skip(LONG_S),
      arrowleft: () => actions.skip(-SHORT_S),
      arrowright: () => actions.skip(SHORT_S),
      arrowup: () => actions.louder(LOUDER),
      arrowdown: () => actions.louder(-LOUDER),
      m: () => actions.mute(),
      f: () => actions.fill(),
      i: () => actions.float(),
      c: () => actions.captions(),
      home: () => actions.goTo(0),
      end: () => actions.live(),
      "?": () => this.toggleSheet(),
    }[key.toLowerCase()];
  }

  private fill(): void {
    const { t } = this;
    const rows: [string[], string][] = [
      [["Space", "K"], t.keyPlay],
      [["J", "L"], t.keySkipLong],
      [["←", "→"], t.keySkip],
      [["0 – 9"], t.keyPart],
      [["End"], t.keyLive],
      [["↑", "↓"], t.volume],
      [["M"], t.mute],
      [["C"], t.captions],
      [["F"], t.fullscreen],
      [["I"], t.inPicture],
      [["?"], t.keyboard],
    ];
    const list = element("dl", {}, rows.flatMap(([keys, meaning]) => [
      element("dt", {}, keys.map((key) => element("kbd", { textContent: key }))),
      element("dd", { textContent: meaning }),
    ]));
    const close = element("button", {
      className: "player-control",
      type: "button",
      title: t.close,
      onclick: () => this.toggleSheet(),
    }, [icon(CLOSE)]);
    close.setAttribute("aria-label", t.close);
    this.sheet.setAttribute("role", "dialog");
    this.sheet.setAttribute("aria-label", t.keyboard);
    this.sheet.append(element("div", { className: "sheet-box" }, [
      element("div", { className: "sheet-head" }, [element("h2", { textContent: t.keyboard }), close]),
      list,
    ]));
  }
}
