/** Keeps one `<video>` playing: live, as soon and as long as it is on air; rewound; or a recording. */

import { catchUp, jumpHole, skipWhatWasMissed } from "./buffered";
import {
  type Choices,
  type Engine,
  type Latency,
  NO_CHOICES,
  type Start,
  type Stop,
} from "./engine";
import { mediaPath, mediaURL, type Place, rewoundPath } from "./kind";
import { loadEngine } from "./load";
import { statusOf } from "./status";
import { type Timeline, timelineOf } from "./timeline";
import { Wanted } from "./wanted";

export type State =
  /** Asking whether the stream is on air, or fetching its first pictures. */
  | "connecting"
  /** There is a picture, moving or paused. */
  | "playing"
  /** On air, but nothing arrives. */
  | "stalled"
  /** Not on air; asks again until it is. */
  | "waiting"
  /** It was on air here and is no more; asks again. A recording: it has been played through. */
  | "ended"
  /** Weir does not answer; asks again. */
  | "unreachable"
  /** Not allowed to watch. */
  | "forbidden"
  /** This browser cannot play it. */
  | "unsupported";

export interface Listeners {
  onState(state: State): void;
  /** Several times a second: where it stands has changed. */
  onTick(): void;
  onChoices(choices: Choices): void;
}

export interface Wishes {
  latency: Latency;
  /** Since when what is on air can be rewound, Unix ms; null: it cannot. */
  rewinds_since_ms: number | null;
  /** Whether there is something to play; null: it has to be asked for. */
  isThere: boolean | null;
}

const POLL_MS = 2000;
const TICK_MS = 250;
/** A picture that has stood still for so long is said to stall; for this long, it is given up. */
const STALLED_MS = 1500;
const GIVEN_UP_MS = 10_000;
/** So little more behind than it aims at, a player is live. */
const NEAR_S = 1;
/** A rewound playlist begins so much earlier, for small steps back. */
const LISTED_BEFORE_MS = 60_000;
/** It begins at such instants, so that viewers share it. */
const LISTED_EACH_MS = 10_000;

export class Playback {
  private engine: Engine | null = null;
  private retryTimer = 0;
  private isDestroyed = false;
  private hasPlayed = false;
  private state: State = "connecting";
  private readonly ticker: number;
  private lastTime = 0;
  private still_ms = 0;
  /** The engine will not go on: what the picture does says nothing. Browsers pause at the end. */
  private isStopped = false;
  /** Rewound to an instant, Unix ms; null: live, or a recording. */
  private rewound_ms: number | null = null;
  private followsLive = true;
  /** Where a recording goes on after it broke. */
  private position_s = 0;
  private attempt = 0;
  private readonly wanted = new Wanted();
  private latencyMode: Latency;
  private since_ms: number | null;
  /** As somebody says; null: nobody does. */
  private isOnAir: boolean | null;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly place: Place,
    private readonly listeners: Listeners,
    wishes: Wishes = { latency: "low", rewinds_since_ms: null, isThere: null },
  ) {
    this.latencyMode = wishes.latency;
    this.since_ms = wishes.rewinds_since_ms;
    this.isOnAir = wishes.isThere;
    this.ticker = window.setInterval(() => this.tick(), TICK_MS);
    video.autoplay = true;
    video.addEventListener("playing", this.tick);
    // Who hears first that it is off air is told when that changes.
    if (wishes.isThere === false) queueMicrotask(() => this.askLater("waiting"));
    else void this.connect(wishes.isThere === true);
  }

  get isRecorded(): boolean {
    return this.place.session !== undefined;
  }

  get isRewound(): boolean {
    return this.rewound_ms !== null;
  }

  /** Whether the viewer sees what is newest. */
  get isAtLive(): boolean {
    return !this.isRecorded && this.followsLive;
  }

  get latency(): Latency {
    return this.latencyMode;
  }

  choices(): Choices {
    return this.engine?.choices?.() ?? NO_CHOICES;
  }

  latency_s(): number | null {
    return this.engine?.latency() ?? null;
  }

  /** The instant of the picture, Unix ms; null: it is not known. */
  now_ms(): number | null {
    return this.engine?.clock?.at(this.video.currentTime) ?? null;
  }

  timeline(): Timeline | null {
    const since_ms = this.isRecorded ? null : this.since_ms;
    const target_s = this.engine?.target?.() ?? null;
    const facts = { isRecorded: this.isRecorded, since_ms, target_s };
    return timelineOf(this.video, this.engine?.clock, facts);
  }

  /** Start over now. */
  retry(): void {
    this.say("connecting");
    void this.connect();
  }

  /** Somebody says whether the stream is on air, and since when it can be rewound. */
  told(isOnAir: boolean, since_ms: number | null): void {
    this.isOnAir = isOnAir;
    if (since_ms !== null) this.since_ms = since_ms;
    const isIdle = this.state === "waiting" || this.state === "ended";
    if (isOnAir && isIdle) void this.connect();
  }

  destroy(): void {
    this.isDestroyed = true;
    clearTimeout(this.retryTimer);
    clearInterval(this.ticker);
    this.video.removeEventListener("playing", this.tick);
    this.engine?.destroy();
  }

  // --- what the viewer wants -----------------------------------------------------------

  async toggle(): Promise<void> {
    const { video } = this;
    if (!video.paused) {
      video.pause();
      // What is paused is looked at: it goes on from there, if it can be rewound.
      if (this.since_ms !== null) this.followsLive = false;
      return;
    }
    if (this.state === "ended") return this.isRecorded ? this.again(0) : undefined;
    if (this.isRecorded) return this.play();
    if (this.since_ms === null) skipWhatWasMissed(video);
    else if (this.mustRewind()) return this.rewind(this.engine?.clock?.at(video.currentTime) ?? 0);
    await this.play();
  }

  /** To a position on the timeline: Unix ms of what is on air, else ms from the beginning. */
  seek(to_ms: number): void {
    const timeline = this.timeline();
    if (timeline === null) return;
    const wanted_ms = Math.min(Math.max(to_ms, timeline.start_ms), timeline.end_ms);
    if (this.isRecorded) {
      if (this.state === "ended") return this.again(wanted_ms / 1000);
      this.video.currentTime = wanted_ms / 1000;
      return;
    }
    if (timeline.end_ms - wanted_ms < timeline.live_ms) return this.goLive();
    this.followsLive = false;
    const range = this.engine?.clock?.range();
    const position_s = this.engine?.clock?.position(wanted_ms) ?? null;
    if (range && position_s !== null && wanted_ms >= range.start_ms) {
      this.video.currentTime = position_s;
    } else {
      this.rewind(wanted_ms);
    }
  }

  skip(by_s: number): void {
    const timeline = this.timeline();
    if (timeline) this.seek(timeline.at_ms + by_s * 1000);
  }

  goLive(): void {
    this.followsLive = true;
    if (this.rewound_ms !== null) {
      this.rewound_ms = null;
      void this.connect(true);
    } else {
      this.engine?.goLive?.();
      if (this.video.paused) void this.play();
    }
  }

  chooseLatency(latency: Latency): void {
    if (latency === this.latencyMode) return;
    this.latencyMode = latency;
    if (!this.isRecorded && this.rewound_ms === null) void this.connect(true);
  }

  chooseQuality(id: number | null): void {
    this.engine?.chooseQuality?.(id);
    this.wanted.note(this.engine);
    this.listeners.onChoices(this.choices());
  }

  chooseVoice(id: number): void {
    this.engine?.chooseVoice?.(id);
    this.wanted.note(this.engine);
  }

  chooseCaption(id: number | null): void {
    this.engine?.chooseCaption?.(id);
    this.wanted.note(this.engine);
    this.listeners.onChoices(this.choices());
  }

  // --- keeping it playing --------------------------------------------------------------

  private again(position_s: number): void {
    this.position_s = position_s;
    this.say("connecting");
    void this.connect(true);
  }

  /** `isThere`: it is known that there is something to play. */
  private async connect(isThere = false): Promise<void> {
    clearTimeout(this.retryTimer);
    const attempt = ++this.attempt;
    this.engine?.destroy();
    this.engine = null;
    const path = this.path();
    const status = isThere ? 200 : await statusOf(path);
    if (this.isDestroyed || attempt !== this.attempt) return;
    if (status === 404 && this.rewound_ms !== null) return this.goLive();
    if (status === 404) return this.askLater(this.hasPlayed ? "ended" : "waiting");
    if (status === 401 || status === 403) return this.say("forbidden");
    if (status !== 200) return this.askLater("unreachable");
    const start = await loadEngine(this.place.kind);
    if (this.isDestroyed || attempt !== this.attempt) return;
    this.still_ms = 0;
    this.lastTime = 0;
    this.isStopped = false;
    this.wanted.renew();
    // The attribute `autoplay` starts it. A call of play() before there is a source would hide the
    // event `play` from the engine; dash.js begins to refresh its manifest only on that.
    this.engine = start(this.video, mediaURL(path, this.place), this.onStop, this.start());
  }

  private path(): string {
    if (this.rewound_ms === null) return mediaPath(this.place);
    return rewoundPath(this.place, this.listedFrom(this.rewound_ms));
  }

  /** Where the playlist begins in which an instant is looked at. */
  private listedFrom(at_ms: number): number {
    const from_ms = Math.floor((at_ms - LISTED_BEFORE_MS) / LISTED_EACH_MS) * LISTED_EACH_MS;
    return Math.max(from_ms, this.since_ms ?? from_ms);
  }

  private start(): Start {
    let position_s = this.isRecorded ? this.position_s : null;
    if (this.rewound_ms !== null) {
      position_s = (this.rewound_ms - this.listedFrom(this.rewound_ms)) / 1000;
    }
    return {
      latency: this.latencyMode,
      position_s,
      followsLive: () => this.followsLive,
      onChoices: () => {
        this.wanted.apply(this.engine);
        this.listeners.onChoices(this.choices());
      },
    };
  }

  private askLater(why: State): void {
    // Its end lingers for players that fetch the last of it; who comes later waits for the next.
    const state = why === "stalled" && this.isOnAir === false ? "ended" : why;
    this.say(state);
    clearTimeout(this.retryTimer);
    const isTold = this.isOnAir === false && (state === "waiting" || state === "ended");
    if (!isTold) this.retryTimer = window.setTimeout(() => void this.connect(), POLL_MS);
  }

  private say(state: State): void {
    if (state === this.state) return;
    this.state = state;
    this.listeners.onState(state);
  }

  private readonly onStop = (why: Stop): void => {
    if (this.isDestroyed) return;
    this.isStopped = true;
    if (why === "unsupported") {
      clearTimeout(this.retryTimer);
      return this.say("unsupported");
    }
    if (why === "ended" && this.isRecorded) return this.say("ended");
    this.notePosition();
    if (why === "ended") {
      this.rewound_ms = null;
      this.followsLive = true;
    }
    this.askLater(why === "ended" ? "ended" : "stalled");
  };

  /** Looks whether the picture moves. Events do not tell: a stalled player sends `timeupdate`. */
  private readonly tick = (): void => {
    const { video } = this;
    this.listeners.onTick();
    if (!this.engine || this.isStopped) return;
    const hasPicture = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    // Paused by the viewer, or by a browser that forbids even muted autoplay: the button plays it.
    if (video.paused && hasPicture) return this.say("playing");
    if (video.currentTime !== this.lastTime && hasPicture) {
      this.lastTime = video.currentTime;
      this.still_ms = 0;
      this.hasPlayed = true;
      this.say("playing");
      if (this.place.kind === "flv") catchUp(video);
      this.noticeLive();
      return;
    }
    this.still_ms += TICK_MS;
    if (this.still_ms >= GIVEN_UP_MS) this.giveUp();
    else if (this.still_ms >= STALLED_MS && this.state === "playing") this.say("stalled");
    if (this.still_ms >= STALLED_MS) jumpHole(video);
  };

  private giveUp(): void {
    this.isStopped = true;
    this.notePosition();
    this.askLater("stalled");
  }

  /** What is not live goes on where it broke. */
  private notePosition(): void {
    if (this.isRecorded) this.position_s = this.video.currentTime;
    if (this.rewound_ms !== null) this.rewound_ms = this.now_ms() ?? this.rewound_ms;
  }

  /** Who has paused for a blink is still live. */
  private noticeLive(): void {
    if (this.followsLive || this.rewound_ms !== null) return;
    const latency_s = this.engine?.latency() ?? Infinity;
    const target_s = this.engine?.target?.() ?? 0;
    if (latency_s <= target_s + NEAR_S) this.followsLive = true;
  }

  /** Whether the live playlist no more has what stands still here; the rewound one still does. */
  private mustRewind(): boolean {
    const clock = this.engine?.clock;
    const at_ms = clock?.at(this.video.currentTime) ?? null;
    const range = clock?.range() ?? null;
    return this.rewound_ms === null && at_ms !== null && range !== null && at_ms < range.start_ms;
  }

  private rewind(to_ms: number): void {
    this.rewound_ms = to_ms;
    void this.connect(true);
  }

  /** Browsers play with sound after a click only, and not what is being replaced. */
  private async play(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      const isUsual = error instanceof DOMException && /^(Abort|NotAllowed)Error$/.test(error.name);
      if (!isUsual) throw error;
    }
  }
}
