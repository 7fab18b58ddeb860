/** The menu of the gear: quality, delay, sound, captions, speed. A page for each, one level deep. */

import { readStored, store } from "../browser/stored";
import type { Messages } from "../i18n/viewer-en";
import type { Quality, Track } from "../playback/engine";
import type { Playback } from "../playback/playback";
import { element, icon } from "./element";
import { BACK, CHECK, NEXT } from "./icons";

const LATENCY_STORED = "weir.latency";
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];

interface Row {
  label: string;
  isChosen: boolean;
  choose: () => void;
}

interface Page {
  title: string;
  /** What is chosen, in a word. */
  chosen: string;
  rows: Row[];
}

export class Settings {
  readonly element = element("div", { className: "player-menu", hidden: true });
  private shown: number | null = null;
  private opener: HTMLElement | null = null;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly playback: Playback,
    private readonly t: Messages,
    private readonly language: string,
    private readonly onToggle: (isOpen: boolean) => void,
  ) {
    this.element.setAttribute("role", "menu");
    this.element.setAttribute("aria-label", t.settings);
    this.element.addEventListener("keydown", this.onKey);
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  get hasAny(): boolean {
    return this.pages().length > 0;
  }

  toggle(opener: HTMLElement): void {
    if (this.isOpen) return this.close();
    this.opener = opener;
    this.shown = null;
    this.element.hidden = false;
    this.onToggle(true);
    opener.setAttribute("aria-expanded", "true");
    this.fill();
    this.focusRow(0);
  }

  close(takesFocus = true): void {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.onToggle(false);
    this.opener?.setAttribute("aria-expanded", "false");
    if (takesFocus) this.opener?.focus();
  }

  /** What there is to choose has changed. */
  renew(): void {
    if (!this.isOpen) return;
    const rows = this.rows();
    const at = rows.indexOf(document.activeElement as HTMLElement);
    this.fill();
    if (at >= 0) this.focusRow(Math.min(at, rows.length - 1));
  }

  // --- what there is --------------------------------------------------------------------

  private pages(): Page[] {
    const pages = [this.qualities(), this.latency(), this.voices(), this.captions(), this.rates()];
    return pages.filter((page) => page !== null);
  }

  private qualities(): Page | null {
    const { qualities, quality, shown } = this.playback.choices();
    if (qualities.length < 2) return null;
    const sorted = qualities.toSorted((a, b) => b.height - a.height || b.bitrate_bps - a.bitrate_bps);
    const auto = shown ? `${this.t.auto} · ${nameOf(shown)}` : this.t.auto;
    const rows = sorted.map((each) => ({
      label: nameOf(each, sorted),
      isChosen: each.id === quality,
      choose: () => this.playback.chooseQuality(each.id),
    }));
    rows.push({
      label: this.t.auto,
      isChosen: quality === null,
      choose: () => this.playback.chooseQuality(null),
    });
    const chosen = rows.find((row) => row.isChosen);
    return {
      title: this.t.quality,
      chosen: quality === null ? auto : (chosen?.label ?? ""),
      rows,
    };
  }

  private latency(): Page | null {
    const { playback, t } = this;
    if (playback.isRecorded || !playback.choices().shown) return null;
    const rows = (["low", "normal"] as const).map((each) => ({
      label: each === "low" ? t.latencyLow : t.latencyNormal,
      isChosen: playback.latency === each,
      choose: () => {
        store(LATENCY_STORED, each);
        playback.chooseLatency(each);
      },
    }));
    return { title: t.latency, chosen: rows.find((row) => row.isChosen)?.label ?? "", rows };
  }

  private voices(): Page | null {
    const { voices, voice } = this.playback.choices();
    if (voices.length < 2) return null;
    const rows = voices.map((each) => ({
      label: this.named(each),
      isChosen: each.id === voice,
      choose: () => this.playback.chooseVoice(each.id),
    }));
    return { title: this.t.sound, chosen: rows.find((row) => row.isChosen)?.label ?? "", rows };
  }

  private captions(): Page | null {
    const { captions, caption } = this.playback.choices();
    if (captions.length === 0) return null;
    const rows = captions.map((each) => ({
      label: this.named(each),
      isChosen: each.id === caption,
      choose: () => this.playback.chooseCaption(each.id),
    }));
    rows.unshift({
      label: this.t.off,
      isChosen: caption === null,
      choose: () => this.playback.chooseCaption(null),
    });
    return { title: this.t.captions, chosen: rows.find((row) => row.isChosen)?.label ?? "", rows };
  }

  private rates(): Page | null {
    if (!this.playback.isRecorded) return null;
    const rows = RATES.map((rate) => ({
      label: rate === 1 ? this.t.normalSpeed : `${rate}×`,
      isChosen: this.video.playbackRate === rate,
      choose: () => {
        this.video.playbackRate = rate;
      },
    }));
    return { title: this.t.speed, chosen: rows.find((row) => row.isChosen)?.label ?? "", rows };
  }

  /** A track's own name; where that says nothing, its language, as the viewer calls it. */
  private named({ name, language }: Track): string {
    const own = language ? languageName(language, this.language) : "";
    if (!own || name.toLowerCase() === own.toLowerCase()) return name || own;
    return !name || name.toLowerCase() === language.toLowerCase() ? own : name;
  }

  // --- how it looks ---------------------------------------------------------------------

  private fill(): void {
    const pages = this.pages();
    const page = this.shown === null ? null : (pages[this.shown] ?? null);
    this.element.replaceChildren(...(page ? this.choiceRows(page) : this.pageRows(pages)));
  }

  private pageRows(pages: Page[]): HTMLElement[] {
    return pages.map((page, index) => {
      const row = menuRow("menuitem", [
        element("span", { className: "menu-name", textContent: page.title }),
        element("span", { className: "menu-chosen", textContent: page.chosen }),
        icon(NEXT),
      ]);
      row.setAttribute("aria-haspopup", "menu");
      row.addEventListener("click", () => this.show(index));
      return row;
    });
  }

  private choiceRows(page: Page): HTMLElement[] {
    const back = menuRow("menuitem", [icon(BACK), element("span", { textContent: page.title })]);
    back.classList.add("menu-back");
    back.addEventListener("click", () => this.show(null));
    const rows = page.rows.map((each) => {
      const row = menuRow("menuitemradio", [icon(CHECK), element("span", { textContent: each.label })]);
      row.setAttribute("aria-checked", `${each.isChosen}`);
      row.addEventListener("click", () => {
        each.choose();
        this.close();
      });
      return row;
    });
    return [back, ...rows];
  }

  private show(index: number | null): void {
    const before = this.shown;
    this.shown = index;
    this.fill();
    if (index === null) return this.focusRow(before ?? 0);
    const chosen = this.rows().findIndex((row) => row.getAttribute("aria-checked") === "true");
    this.focusRow(Math.max(0, chosen));
  }

  // --- keys -----------------------------------------------------------------------------

  private rows(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("button")];
  }

  private focusRow(index: number): void {
    const rows = this.rows();
    rows[(index + rows.length) % rows.length]?.focus();
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const at = this.rows().indexOf(document.activeElement as HTMLElement);
    const act = {
      ArrowDown: () => this.focusRow(at + 1),
      ArrowUp: () => this.focusRow(at - 1),
      Home: () => this.focusRow(0),
      End: () => this.focusRow(-1),
      ArrowLeft: () => this.show(null),
      ArrowRight: () => (this.shown === null ? this.rows()[at]?.click() : undefined),
      Escape: () => (this.shown === null ? this.close() : this.show(null)),
      Tab: () => this.close(),
    }[event.key];
    event.stopPropagation();
    if (!act) return;
    event.preventDefault();
    act();
  };
}

function menuRow(role: string, children: Node[]): HTMLButtonElement {
  const row = element("button", { className: "menu-row", type: "button" }, children);
  row.setAttribute("role", role);
  return row;
}

/** `720p`; where two have one height, their bit rate tells them apart. */
function nameOf({ height, bitrate_bps }: Quality, among: Quality[] = []): string {
  const rate = `${(bitrate_bps / 1e6).toFixed(1)} Mbit/s`;
  if (height === 0) return rate;
  const isShared = among.filter((each) => each.height === height).length > 1;
  return isShared ? `${height}p · ${rate}` : `${height}p`;
}

function languageName(tag: string, reader: string): string {
  try {
    return new Intl.DisplayNames([reader], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag; // it is no language that browsers know
  }
}

export function storedLatency(): "low" | "normal" {
  return readStored(LATENCY_STORED) === "normal" ? "normal" : "low";
}
