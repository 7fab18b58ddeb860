/** The bar over the picture, and who does what is asked for there. */

import type { Messages } from "../i18n/viewer-en";
import type { Playback } from "../playback/playback";
import { drawControl, makeControl } from "./control";
import { element } from "./element";
import { addGestures } from "./gestures";
import { CAPTIONS, GROW, IN_PICTURE, PAUSE, PLAY, REPLAY, SETTINGS, SHRINK } from "./icons";
import { type Actions, Keys } from "./keys";
import { Screen } from "./screen";
import { Scrubber } from "./scrubber";
import { Settings } from "./settings";
import type { Pictures } from "./storyboard";
import { length } from "./time";
import { Volume } from "./volume";

/** The controls go away so long after the last movement. */
const IDLE_MS = 2500;
const LATENCY_SHOWN_S = 30;

export class Controls {
  private readonly volume: Volume;
  private readonly screen: Screen;
  private readonly settings: Settings;
  private readonly scrubber: Scrubber;
  private readonly keys: Keys;
  private readonly leaving = new AbortController();
  private readonly play = makeControl(() => void this.playback.toggle());
  private readonly captions = makeControl(() => this.toggleCaptions());
  private readonly gear = makeControl(() => this.settings.toggle(this.gear));
  private readonly float = makeControl(() => void this.screen.toggleFloat());
  private readonly fill = makeControl(() => void this.screen.toggleFull());
  private readonly live = element("button", { className: "player-live", type: "button" });
  private readonly time = element("span", { className: "player-time" });
  private readonly big = element("button", { className: "player-big", type: "button" });
  private idleTimer = 0;
  private lastCaption: number | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly video: HTMLVideoElement,
    private readonly playback: Playback,
    private readonly t: Messages,
    language: string,
    pictures: Pictures,
  ) {
    this.volume = new Volume(video, t);
    this.screen = new Screen(root, video);
    this.settings = new Settings(video, playback, t, language, (isOpen) => {
      root.classList.toggle("menu-open", isOpen);
    });
    this.scrubber = new Scrubber(playback, pictures, t, language);
    this.keys = new Keys(root, this.actions(), t, this.leaving.signal);
    this.live.append(element("i"), element("span", { textContent: t.live }));
    this.live.addEventListener("click", () => playback.goLive());
    this.big.addEventListener("click", () => void playback.toggle());
    this.put();
    this.follow();
    this.draw();
  }

  destroy(): void {
    this.leaving.abort();
    clearTimeout(this.idleTimer);
  }

  /** Where it stands has changed. */
  draw(): void {
    const { playback, t, video } = this;
    const isOver = this.root.dataset.state === "ended" && playback.isRecorded;
    drawControl(this.play, isOver ? REPLAY : video.paused ? PLAY : PAUSE,
      isOver ? t.watchAgain : video.paused ? t.play : t.pause, "k");
    drawControl(this.big, PLAY, t.play);
    this.volume.draw();
    this.drawScreen();
    this.scrubber.draw();
    this.drawTime();
    const { captions, caption } = playback.choices();
    this.captions.hidden = captions.length === 0;
    drawControl(this.captions, CAPTIONS, t.captions, "c");
    this.captions.setAttribute("aria-pressed", `${caption !== null}`);
    this.gear.hidden = !this.settings.hasAny;
    drawControl(this.gear, SETTINGS, t.settings);
    // Until a viewer asks for sound, the pill stands in the place of the button.
    this.volume.button.hidden = this.volume.slider.hidden = video.muted;
    this.root.classList.toggle("paused", video.paused);
    this.root.classList.toggle("recorded", playback.isRecorded);
  }

  /** What there is to choose has changed. */
  renew(): void {
    const { caption } = this.playback.choices();
    if (caption !== null) this.lastCaption = caption;
    this.settings.renew();
    this.draw();
  }

  private put(): void {
    const gap = element("span", { className: "player-gap" });
    const row = element("div", { className: "player-row" }, [
      this.play, this.volume.button, this.volume.slider, this.live, this.time, gap,
      this.captions, this.gear, this.float, this.fill,
    ]);
    const bar = element("div", { className: "player-bar" }, [this.scrubber.element, row]);
    const surface = element("div", { className: "player-surface" });
    addGestures(surface, this.root, {
      toggle: () => this.onSurface(),
      skip: (by_s) => this.playback.skip(by_s),
      fill: () => void this.screen.toggleFull(),
      reveal: () => this.reveal(),
    }, this.t);
    this.root.append(
      surface, this.big, bar, this.volume.pill, this.settings.element, this.keys.sheet,
    );
    this.gear.setAttribute("aria-haspopup", "menu");
    this.gear.setAttribute("aria-expanded", "false");
  }

  /** A click beside an open menu only closes it. */
  private onSurface(): void {
    if (this.settings.isOpen) this.settings.close(false);
    else if (this.root.dataset.state === "playing") void this.playback.toggle();
  }

  /** A tap shows the controls for a while, or takes them away. */
  private reveal(): void {
    if (this.settings.isOpen) return this.settings.close(false);
    if (this.root.classList.contains("idle")) this.wake();
    else this.root.classList.add("idle");
  }

  private readonly wake = (): void => {
    this.root.classList.remove("idle");
    clearTimeout(this.idleTimer);
    this.idleTimer = window.setTimeout(() => this.root.classList.add("idle"), IDLE_MS);
  };

  private actions(): Actions {
    const { playback } = this;
    return {
      toggle: () => void playback.toggle(),
      skip: (by_s) => playback.skip(by_s),
      mute: () => this.volume.toggle(),
      louder: (step) => this.volume.by(step),
      fill: () => void this.screen.toggleFull(),
      float: () => void this.screen.toggleFloat(),
      captions: () => this.toggleCaptions(),
      goTo: (part) => this.goTo(part),
      live: () => (playback.isRecorded ? this.goTo(1) : playback.goLive()),
    };
  }

  private goTo(part: number): void {
    const timeline = this.playback.timeline();
    if (!timeline) return;
    const { start_ms, end_ms } = timeline;
    this.playback.seek(start_ms + part * (end_ms - start_ms));
  }

  private toggleCaptions(): void {
    const { captions, caption } = this.playback.choices();
    const first = captions[0]?.id ?? null;
    this.playback.chooseCaption(caption === null ? (this.lastCaption ?? first) : null);
  }

  private drawScreen(): void {
    const { screen, t } = this;
    this.fill.hidden = !screen.canFill;
    this.float.hidden = !screen.canFloat;
    drawControl(this.fill, screen.isFull ? SHRINK : GROW, screen.isFull ? t.leaveFullscreen : t.fullscreen, "f");
    drawControl(this.float, IN_PICTURE, t.inPicture, "i");
  }

  private drawTime(): void {
    const { playback, t, live, time } = this;
    const timeline = playback.timeline();
    live.hidden = playback.isRecorded;
    if (playback.isRecorded) {
      time.textContent = timeline ? `${length(timeline.at_ms)} / ${length(timeline.end_ms)}` : "";
      return;
    }
    const { isAtLive } = playback;
    live.classList.toggle("behind", !isAtLive);
    const label = isAtLive ? t.live : t.jumpToLive;
    live.title = label;
    live.setAttribute("aria-label", label);
    const latency_s = playback.latency_s();
    const isKnown = latency_s !== null && latency_s < LATENCY_SHOWN_S;
    time.textContent = isAtLive
      ? isKnown ? t.behindLive(latency_s.toFixed(1)) : ""
      : timeline ? `−${length(timeline.end_ms - timeline.at_ms)}` : "";
  }

  // --- what is there to hear -----------------------------------------------------------

  private follow(): void {
    const { signal } = this.leaving;
    const draw = () => this.draw();
    for (const event of ["play", "pause", "volumechange", "enterpictureinpicture", "ratechange"]) {
      this.video.addEventListener(event, draw, { signal });
    }
    document.addEventListener("fullscreenchange", draw, { signal });
    const { wake } = this;
    for (const event of ["pointermove", "keydown", "focusin"] as const) {
      this.root.addEventListener(event, (said) => {
        // A finger that moves is on its way; what a tap does is decided when it ends.
        if (said instanceof PointerEvent && said.pointerType === "touch") return;
        wake();
      }, { signal });
    }
    document.addEventListener("keydown", wake, { signal });
    this.root.addEventListener("pointerleave", () => this.root.classList.add("idle"), { signal });
    document.addEventListener("pointerdown", (event) => {
      if (event.target instanceof Node && this.root.contains(event.target)) return;
      this.settings.close(false);
    }, { signal });
    wake();
  }
}
