/** What is said below the picture: title, state, how many watch, and what it is about. */

import type { Messages } from "../i18n/viewer-en";
import { element, icon } from "../player/element";
import { PEOPLE, SHARE } from "../player/icons";
import { ago } from "../player/time";
import type { Facts } from "./facts";
import { linked } from "./linked";
import type { Shown } from "./place";

const RENEW_MS = 30_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Longer than so many lines' worth, it is folded. */
const FOLDED_CHARS = 280;
const FOLDED_LINES = 4;

export class Info {
  private readonly title = element("h1");
  private readonly state = element("span", { className: "info-state" });
  private readonly viewers = element("span", { className: "info-viewers" });
  private readonly since = element("span", { className: "info-since" });
  private readonly text = element("div", { className: "info-text" });
  private readonly more = element("button", { className: "info-more", type: "button" });
  readonly element: HTMLElement;
  private facts: Facts | null = null;
  private isFolded = true;

  constructor(
    private readonly shown: Shown,
    private readonly t: Messages,
    private readonly tag: string,
    onShare: () => void,
  ) {
    this.title.dir = "auto";
    this.text.dir = "auto";
    this.viewers.setAttribute("aria-live", "off");
    const share = element("button", { className: "info-share", type: "button", onclick: onShare }, [
      icon(SHARE),
      element("span", { textContent: t.share }),
    ]);
    const line = element("div", { className: "info-line" }, [this.state, this.viewers, this.since]);
    const head = element("div", { className: "info-head" }, [
      element("div", { className: "info-named" }, [this.title, line]),
      share,
    ]);
    this.element = element("div", { className: "info", hidden: true }, [head, this.text, this.more]);
    this.more.addEventListener("click", () => this.fold(!this.isFolded));
    window.setInterval(() => this.drawTimes(), RENEW_MS);
  }

  show(facts: Facts): void {
    const before = this.facts;
    this.facts = facts;
    this.element.hidden = false;
    const name = facts.title || (UUID.test(facts.id) ? this.t.player : facts.id);
    if (this.title.textContent !== name) this.title.textContent = name;
    document.title = name;
    this.drawState(facts);
    this.drawTimes();
    if (before?.description !== facts.description) this.describe(facts.description);
  }

  private drawState(facts: Facts): void {
    const { t, state, viewers } = this;
    const words = {
      live: t.live,
      starting: t.live,
      waiting: t.reconnecting,
      offline: t.offAir,
      recorded: t.recording,
    };
    state.dataset.state = facts.state;
    state.textContent = words[facts.state];
    // What is only some of a stream has no count of its own.
    const isAll = this.shown.session === undefined && facts.id === facts.stream;
    viewers.hidden = !isAll || facts.state === "offline";
    const count = new Intl.NumberFormat(this.tag, { notation: "compact" }).format(facts.viewers);
    viewers.replaceChildren(icon(PEOPLE), t.watching(count, facts.viewers));
  }

  private drawTimes(): void {
    const { facts, since, t } = this;
    if (!facts) return;
    const recorded = facts.state === "recorded" ? facts.recording?.started_at : null;
    const at = recorded ?? facts.since;
    since.hidden = !at;
    if (!at) return;
    const told = ago(Date.parse(at), Date.now(), this.tag);
    since.textContent = recorded ? t.recordedAgo(told) : t.startedAgo(told);
    since.title = new Date(at).toLocaleString(this.tag);
  }

  private describe(text: string): void {
    this.text.hidden = text === "";
    const isLong = text.length > FOLDED_CHARS || text.split("\n").length > FOLDED_LINES;
    this.more.hidden = !isLong;
    this.fold(isLong);
  }

  private fold(isFolded: boolean): void {
    this.isFolded = isFolded;
    const text = this.facts?.description ?? "";
    // The few lines that are shown of it are not spent on empty ones.
    this.text.replaceChildren(...linked(isFolded ? text.replace(/\n\s*\n/g, "\n") : text));
    this.text.classList.toggle("folded", isFolded);
    this.more.textContent = isFolded ? this.t.showMore : this.t.showLess;
    this.more.setAttribute("aria-expanded", `${!isFolded}`);
  }
}
