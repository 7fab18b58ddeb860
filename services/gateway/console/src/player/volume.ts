/** The sound: a button, and a slider beside it. */

import { readStored, store } from "../browser/stored";
import type { Messages } from "../i18n/viewer-en";
import { element, icon } from "./element";
import { LOUD, MUTED, SOFT } from "./icons";
import { drawControl } from "./control";

const STORED = "weir.volume";
const HALF = 0.5;

export class Volume {
  readonly button = element("button", { className: "player-control", type: "button" });
  readonly slider = element("input", {
    className: "player-volume",
    type: "range",
    min: "0",
    max: "1",
    step: "0.05",
  });
  /** Players start without sound, as browsers want it: until a viewer asks for it, this says so. */
  readonly pill = element("button", { className: "player-unmute", type: "button" });

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly t: Messages,
  ) {
    const stored = Number(readStored(STORED) ?? "1");
    video.volume = stored > 0 && stored <= 1 ? stored : 1;
    this.slider.setAttribute("aria-label", t.volume);
    this.slider.addEventListener("input", () => this.set(Number(this.slider.value)));
    this.button.addEventListener("click", () => this.toggle());
    this.pill.addEventListener("click", () => this.toggle());
    this.pill.append(icon(MUTED), t.unmute);
  }

  toggle(): void {
    this.video.muted = !this.video.muted;
    if (!this.video.muted && this.video.volume === 0) this.set(HALF);
  }

  by(step: number): void {
    this.set(Math.min(1, Math.max(0, (this.video.muted ? 0 : this.video.volume) + step)));
  }

  draw(): void {
    const { video, t } = this;
    const heard = video.muted ? 0 : video.volume;
    const shape = heard === 0 ? MUTED : heard < HALF ? SOFT : LOUD;
    drawControl(this.button, shape, video.muted ? t.unmute : t.mute, "m");
    this.slider.value = `${heard}`;
    this.slider.style.setProperty("--filled", `${100 * heard}%`);
    this.pill.hidden = !video.muted;
  }

  private set(volume: number): void {
    this.video.volume = volume;
    this.video.muted = volume === 0;
    if (volume > 0) store(STORED, `${volume}`);
  }
}
