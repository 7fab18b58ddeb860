/** The line below the picture: what has been fetched, where it stands, and what is elsewhere. */

import type { Messages } from "../i18n/viewer-en";
import type { Playback } from "../playback/playback";
import type { Timeline } from "../playback/timeline";
import { element } from "./element";
import type { Pictures, Tile } from "./storyboard";
import { length, timeOfDay } from "./time";

const STEP_S = 5;
const PAGE_S = 60;

export class Scrubber {
  private readonly fetched = element("div", { className: "scrub-fetched" });
  private readonly played = element("div", { className: "scrub-played" });
  private readonly knob = element("div", { className: "scrub-knob" });
  private readonly tile = element("div", { className: "scrub-tile", hidden: true });
  private readonly when = element("span", { className: "scrub-when" });
  private readonly preview = element("div", { className: "scrub-preview", hidden: true }, [
    this.tile,
    this.when,
  ]);
  private readonly line = element("div", { className: "scrub-line" }, [this.fetched, this.played]);
  readonly element = element("div", { className: "scrub", tabIndex: 0, hidden: true }, [
    this.line,
    this.knob,
    this.preview,
  ]);
  private timeline: Timeline | null = null;
  /** While it is dragged: to where, in ms. */
  private dragged_ms: number | null = null;

  constructor(
    private readonly playback: Playback,
    private readonly pictures: Pictures,
    private readonly t: Messages,
    private readonly language: string,
  ) {
    const { element: line } = this;
    line.setAttribute("role", "slider");
    line.setAttribute("aria-label", t.seek);
    line.addEventListener("pointerdown", this.onDown);
    line.addEventListener("pointermove", this.onMove);
    line.addEventListener("pointerup", this.onUp);
    line.addEventListener("pointercancel", this.onCancel);
    line.addEventListener("pointerleave", () => this.hidePreview());
    line.addEventListener("keydown", this.onKey);
  }

  draw(): void {
    const timeline = this.playback.timeline();
    this.timeline = timeline;
    const isUseful = timeline !== null && timeline.end_ms - timeline.start_ms > 1000;
    this.element.hidden = !isUseful;
    if (!timeline || !isUseful) return;
    const at_ms = this.dragged_ms ?? (this.playback.isAtLive ? timeline.end_ms : timeline.at_ms);
    place(this.played, share(timeline, at_ms));
    place(this.fetched, share(timeline, Math.max(timeline.fetched_ms, at_ms)));
    this.knob.style.left = `${100 * share(timeline, at_ms)}%`;
    const { element: line } = this;
    line.setAttribute("aria-valuemin", "0");
    line.setAttribute("aria-valuemax", `${Math.round((timeline.end_ms - timeline.start_ms) / 1000)}`);
    line.setAttribute("aria-valuenow", `${Math.round((at_ms - timeline.start_ms) / 1000)}`);
    line.setAttribute("aria-valuetext", this.said(timeline, at_ms));
  }

  private said(timeline: Timeline, at_ms: number): string {
    if (!timeline.isLive) return this.t.positionOf(length(at_ms), length(timeline.end_ms));
    const behind_ms = timeline.end_ms - at_ms;
    if (behind_ms < timeline.live_ms) return this.t.live;
    return `${timeOfDay(at_ms, this.language)}, ${this.t.behind(length(behind_ms))}`;
  }

  private msOf(event: PointerEvent): number | null {
    const { timeline } = this;
    if (!timeline) return null;
    const box = this.line.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return timeline.start_ms + part * (timeline.end_ms - timeline.start_ms);
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.element.classList.add("dragged");
    this.dragged_ms = this.msOf(event);
    this.showPreview(event);
    this.draw();
  };

  private readonly onMove = (event: PointerEvent): void => {
    this.showPreview(event);
    if (this.dragged_ms === null) return;
    this.dragged_ms = this.msOf(event);
    this.draw();
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (this.dragged_ms === null) return;
    const to_ms = this.msOf(event);
    this.onCancel();
    if (to_ms !== null) this.playback.seek(to_ms);
    if (event.pointerType === "touch") this.hidePreview();
    this.draw();
  };

  private readonly onCancel = (): void => {
    this.dragged_ms = null;
    this.element.classList.remove("dragged");
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { timeline } = this;
    if (!timeline || event.ctrlKey || event.metaKey || event.altKey) return;
    const to_ms = {
      ArrowLeft: timeline.at_ms - STEP_S * 1000,
      ArrowDown: timeline.at_ms - STEP_S * 1000,
      ArrowRight: timeline.at_ms + STEP_S * 1000,
      ArrowUp: timeline.at_ms + STEP_S * 1000,
      PageDown: timeline.at_ms - PAGE_S * 1000,
      PageUp: timeline.at_ms + PAGE_S * 1000,
      Home: timeline.start_ms,
      End: timeline.end_ms,
    }[event.key];
    if (to_ms === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.playback.seek(to_ms);
  };

  private showPreview(event: PointerEvent): void {
    const at_ms = this.msOf(event);
    const { timeline } = this;
    if (at_ms === null || !timeline) return;
    this.preview.hidden = false;
    this.element.classList.add("looked-at");
    this.element.style.setProperty("--look", `${100 * share(timeline, at_ms)}%`);
    const behind_ms = timeline.end_ms - at_ms;
    const time = timeline.isLive ? timeOfDay(at_ms, this.language) : length(at_ms);
    const isLive = timeline.isLive && behind_ms < timeline.live_ms;
    const behind = timeline.isLive && !isLive ? `  −${length(behind_ms)}` : "";
    this.when.textContent = isLive ? this.t.live : `${time}${behind}`;
    this.drawTile(isLive ? null : this.pictures.tile(at_ms, timeline));
    this.keepInside();
  }

  private drawTile(tile: Tile | null): void {
    this.tile.hidden = tile === null;
    if (!tile) return;
    const { style } = this.tile;
    style.width = `${tile.width}px`;
    style.height = `${tile.height}px`;
    style.backgroundImage = `url("${tile.url}")`;
    style.backgroundPosition = `-${tile.x}px -${tile.y}px`;
  }

  /** The preview stands over the pointer, but never beyond the line's ends. */
  private keepInside(): void {
    const whole = this.line.offsetWidth;
    const half = this.preview.offsetWidth / 2;
    const at = (parseFloat(this.element.style.getPropertyValue("--look")) / 100) * whole;
    const left = Math.min(Math.max(at, half), Math.max(half, whole - half));
    this.preview.style.left = `${left}px`;
  }

  private hidePreview(): void {
    if (this.dragged_ms !== null) return;
    this.preview.hidden = true;
    this.element.classList.remove("looked-at");
  }
}

function share({ start_ms, end_ms }: Timeline, at_ms: number): number {
  return Math.min(1, Math.max(0, (at_ms - start_ms) / Math.max(1, end_ms - start_ms)));
}

function place(part: HTMLElement, to: number): void {
  part.style.transform = `scaleX(${to})`;
}
