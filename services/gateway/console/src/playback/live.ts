/** Keeps one `<video>` on a live stream: waits until it is on air, plays, and waits again. */

import type { Engine, Stop } from "./engine";
import { mediaPath, mediaURL, type Place } from "./kind";
import { loadEngine } from "./load";

export type LiveState =
  /** Asking whether the stream is on air, or fetching its first pictures. */
  | "connecting"
  /** There is a picture, moving or paused. */
  | "playing"
  /** On air, but nothing arrives. */
  | "stalled"
  /** Not on air; asks again until it is. */
  | "waiting"
  /** It was on air here and is no more; asks again. */
  | "ended"
  /** Weir does not answer; asks again. */
  | "unreachable"
  /** Not allowed to watch. */
  | "forbidden"
  /** This browser cannot play it. */
  | "unsupported";

const POLL_MS = 2000;
const TICK_MS = 500;
/** A picture that has stood still for so long is said to stall; for this long, it is given up. */
const STALLED_MS = 1500;
const GIVEN_UP_MS = 10_000;
/** Further behind what is buffered than this, as after a laptop's sleep, one jumps. */
const JUMP_S = 8;
const JUMP_TO_S = 0.5;

export class LivePlayer {
  private engine: Engine | null = null;
  private retryTimer = 0;
  private isDestroyed = false;
  private hasPlayed = false;
  private state: LiveState = "connecting";
  private readonly ticker: number;
  private lastTime = 0;
  private still_ms = 0;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly place: Place,
    private readonly onState: (state: LiveState) => void,
    private readonly onLatency: (latency_s: number | null) => void = () => undefined,
  ) {
    this.ticker = window.setInterval(() => this.tick(), TICK_MS);
    video.autoplay = true;
    video.addEventListener("playing", this.tick);
    void this.connect();
  }

  /** Start over now. */
  retry(): void {
    this.say("connecting");
    void this.connect();
  }

  destroy(): void {
    this.isDestroyed = true;
    clearTimeout(this.retryTimer);
    clearInterval(this.ticker);
    this.video.removeEventListener("playing", this.tick);
    this.engine?.destroy();
  }

  private async connect(): Promise<void> {
    clearTimeout(this.retryTimer);
    this.engine?.destroy();
    this.engine = null;
    const path = mediaPath(this.place);
    const status = await statusOf(path);
    if (this.isDestroyed) return;
    if (status === 404) return this.again(this.hasPlayed ? "ended" : "waiting");
    if (status === 401 || status === 403) return this.say("forbidden");
    if (status !== 200) return this.again("unreachable");
    const start = await loadEngine(this.place.kind);
    if (this.isDestroyed) return;
    this.still_ms = 0;
    this.lastTime = 0;
    // The attribute `autoplay` starts it. A call of play() before there is a source would hide the
    // event `play` from the engine; dash.js begins to refresh its manifest only on that.
    this.engine = start(this.video, mediaURL(path, this.place), this.onStop);
  }

  private again(state: LiveState): void {
    this.say(state);
    clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => void this.connect(), POLL_MS);
  }

  private say(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  private readonly onStop = (why: Stop): void => {
    if (this.isDestroyed) return;
    if (why === "unsupported") {
      clearTimeout(this.retryTimer);
      return this.say("unsupported");
    }
    this.again(why === "ended" ? "ended" : "stalled");
  };

  /** Looks whether the picture moves. Events do not tell: a stalled player sends `timeupdate`. */
  private readonly tick = (): void => {
    const { video } = this;
    this.onLatency(this.engine?.latency() ?? null);
    if (!this.engine) return;
    const hasPicture = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    // Paused by the viewer, or by a browser that forbids even muted autoplay: the button plays it.
    if (video.paused && hasPicture) return this.say("playing");
    if (video.currentTime !== this.lastTime && hasPicture) {
      this.lastTime = video.currentTime;
      this.still_ms = 0;
      this.hasPlayed = true;
      this.say("playing");
      this.catchUp();
      return;
    }
    this.still_ms += TICK_MS;
    if (this.still_ms >= GIVEN_UP_MS) this.again("stalled");
    else if (this.still_ms >= STALLED_MS && this.state === "playing") this.say("stalled");
    if (this.still_ms >= STALLED_MS) this.jumpHole();
  };

  /** FLV that was in the background may be far behind what it has fetched; the others see to it. */
  private catchUp(): void {
    const { buffered, currentTime } = this.video;
    if (this.place.kind !== "flv" || buffered.length === 0) return;
    const end = buffered.end(buffered.length - 1);
    if (end - currentTime > JUMP_S) this.video.currentTime = end - JUMP_TO_S;
  }

  /** What was not sent while the publisher was away is a hole in the buffer; play goes on after it. */
  private jumpHole(): void {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) > currentTime) {
        this.video.currentTime = buffered.start(i) + 0.05;
        return;
      }
    }
  }
}

/** The status that `url` is answered with, without becoming its viewer; 0: no answer. */
async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { method: "HEAD", cache: "no-store" });
    return response.status;
  } catch {
    return 0;
  }
}
