/** One `<video>` that shows what the clock says, out of a part of the segment log. */

import type { Engine } from "../playback/engine";
import { loadEngine } from "../playback/load";
import type { Clock } from "./clock";
import { isWithin, type Part } from "./footage";
import { MINUTE_MS, type Span } from "./span";

/** So much is listed around the instant where it begins. */
const BEFORE_MS = 2 * MINUTE_MS;
const AFTER_MS = 60 * MINUTE_MS;
/** What is further off is sought; what is nearer is caught up with by playing faster or slower. */
const FAR_S = 0.3;
/** Nothing is caught up with by who stands still. */
const FAR_STILL_S = 0.02;
const NEAR_S = 0.03;
const HURRY = 0.08;
/** hls.js looks for no keyframe in the segments before the one that it begins with: near the
 *  begin of what is listed it begins there. */
const KEYFRAME_S = 4;
/** What is not there after so long has no keyframe before it: the next picture is shown. */
const PATIENCE_MS = 2000;
const LATE_S = 12;
/** Also while the clock stands still there is something to do. */
const EVENTS = ["loadedmetadata", "loadeddata", "seeked", "progress"] as const;

export type FollowerState = "empty" | "loading" | "playing" | "failed";

export class Follower {
  private engine: Engine | null = null;
  private listed: Span | null = null;
  private parts: readonly Part[] = [];
  private state: FollowerState = "empty";
  private isDestroyed = false;
  private attempt = 0;
  private sought_s: number | null = null;
  private looked_ms = 0;
  private timer = 0;
  private readonly stop: () => void;

  /** `pathOf` is where a window of the stream is played. */
  constructor(
    private readonly name: string,
    private readonly video: HTMLVideoElement,
    private readonly clock: Clock,
    private readonly pathOf: (span: Span) => string,
    private readonly onState: (state: FollowerState) => void,
  ) {
    this.stop = clock.subscribe(this.follow);
    video.autoplay = false;
    for (const event of EVENTS) video.addEventListener(event, this.follow);
  }

  know(parts: readonly Part[]): void {
    this.parts = parts;
    this.follow();
  }

  destroy(): void {
    this.isDestroyed = true;
    window.clearTimeout(this.timer);
    this.stop();
    for (const event of EVENTS) this.video.removeEventListener(event, this.follow);
    this.clock.wait(this.name, false);
    this.engine?.destroy();
  }

  private readonly follow = (): void => {
    const { at_ms } = this.clock;
    const part = this.parts.find((each) => isWithin(each, at_ms));
    if (!part) return this.rest();
    if (!this.listed || !isWithin(this.listed, at_ms)) return void this.load(part, at_ms);
    if (this.state === "failed") return;
    const wanted_s = this.engine?.clock?.position(at_ms) ?? null;
    if (wanted_s === null) return;
    const { video } = this;
    const position_s = this.reachable(wanted_s);
    if (position_s === null) return;
    const off_s = video.currentTime - position_s;
    const far_s = this.clock.isPlaying ? FAR_S : FAR_STILL_S;
    // A place where there is no picture is not sought again and again.
    const isFree = !video.seeking || position_s !== wanted_s;
    if (Math.abs(off_s) > far_s && isFree && position_s !== this.sought_s) {
      this.sought_s = position_s;
      this.lookLater();
      video.currentTime = position_s;
    }
    const isReady = !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    this.clock.wait(this.name, !isReady);
    if (isReady) this.say("playing");
    const nudge = Math.abs(off_s) < NEAR_S ? 0 : -Math.sign(off_s) * HURRY;
    video.playbackRate = this.clock.rate * (1 + nudge);
    if (this.clock.isPlaying && video.paused && isReady) void video.play().catch(() => undefined);
    if (!this.clock.isPlaying && !video.paused) video.pause();
  };

  /** Where the picture of this position is, or the next one; null: not known yet. */
  private reachable(wanted_s: number): number | null {
    const { buffered } = this.video;
    const isPatient = performance.now() - this.looked_ms < PATIENCE_MS;
    for (let range = 0; range < buffered.length; range += 1) {
      const start_s = buffered.start(range);
      if (start_s <= wanted_s && wanted_s < buffered.end(range)) return wanted_s;
      if (start_s > wanted_s && start_s - wanted_s < LATE_S && !isPatient) return start_s;
    }
    // Who seeks before the keyframe is appended loses it.
    return isPatient && this.sought_s === null ? null : wanted_s;
  }

  private lookLater(): void {
    this.looked_ms = performance.now();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(this.follow, PATIENCE_MS + 1);
  }

  private rest(): void {
    this.attempt += 1;
    this.engine?.destroy();
    this.engine = null;
    this.listed = null;
    this.clock.wait(this.name, false);
    this.say("empty");
  }

  private async load(part: Part, at_ms: number): Promise<void> {
    const attempt = ++this.attempt;
    const listed = {
      from_ms: Math.floor(Math.max(part.from_ms, at_ms - BEFORE_MS)),
      until_ms: Math.ceil(Math.min(part.until_ms, at_ms + AFTER_MS)),
    };
    this.listed = listed;
    this.engine?.destroy();
    this.engine = null;
    this.clock.wait(this.name, true);
    this.say("loading");
    const start = await loadEngine("hls_cmaf");
    if (this.isDestroyed || attempt !== this.attempt) return;
    this.sought_s = null;
    this.lookLater();
    const url = new URL(this.pathOf(listed), location.href).href;
    const begin_s = (at_ms - listed.from_ms) / 1000;
    this.engine = start(
      this.video,
      url,
      (why) => {
        if (why === "ended") return;
        this.clock.wait(this.name, false);
        this.say("failed");
      },
      {
        latency: "normal",
        position_s: begin_s < KEYFRAME_S ? 0 : begin_s,
        followsLive: () => false,
        onChoices: () => undefined,
      },
    );
  }

  private say(state: FollowerState): void {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
