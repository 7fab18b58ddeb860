/** Why an engine stopped by itself. */
export type Stop =
  /** The broadcast is over, or the connection was closed; or a recording has been played through. */
  | "ended"
  /** It could not go on; a fresh start may help. */
  | "broken"
  /** This browser cannot play it. */
  | "unsupported";

/** A rendition that one can choose. */
export interface Quality {
  id: number;
  /** 0: it has no picture. */
  height: number;
  bitrate_bps: number;
}

/** A sound or captions that one can choose. */
export interface Track {
  id: number;
  name: string;
  /** BCP 47; empty: it is not said. */
  language: string;
}

/** What there is to choose, and what is chosen. */
export interface Choices {
  qualities: Quality[];
  /** null: by the line's speed. */
  quality: number | null;
  /** What is shown now. */
  shown: Quality | null;
  voices: Track[];
  voice: number | null;
  captions: Track[];
  /** null: none. */
  caption: number | null;
}

export const NO_CHOICES: Choices = {
  qualities: [],
  quality: null,
  shown: null,
  voices: [],
  voice: null,
  captions: [],
  caption: null,
};

/** The wall clock of what is played; instants are Unix milliseconds, positions media seconds. */
export interface WallClock {
  at(position_s: number): number | null;
  position(at_ms: number): number | null;
  /** Of the oldest and the newest that is listed. */
  range(): { start_ms: number; end_ms: number } | null;
}

/** A library that feeds one `<video>`. It says `onStop` once, and nothing after `destroy`. */
export interface Engine {
  /** Seconds behind what the server has; null while that is not known. */
  latency(): number | null;
  /** How many it aims at; null: it does not say. */
  target?(): number | null;
  destroy(): void;
  clock?: WallClock;
  choices?(): Choices;
  chooseQuality?(id: number | null): void;
  chooseVoice?(id: number): void;
  chooseCaption?(id: number | null): void;
  /** Play what is newest. */
  goLive?(): void;
}

export type Latency = "low" | "normal";

export interface Start {
  latency: Latency;
  /** Where in the playlist to begin; null: at what is newest. */
  position_s: number | null;
  /** Whether the viewer wants what is newest, not what they are looking at. */
  followsLive(): boolean;
  onChoices(): void;
}

export const PLAIN_START: Start = {
  latency: "low",
  position_s: null,
  followsLive: () => true,
  onChoices: () => undefined,
};

/** What is buffered beyond the picture, in seconds: all that a player knows without a clock. */
export function bufferAhead({ buffered, currentTime }: HTMLVideoElement): number | null {
  return buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : null;
}

export type StartEngine = (
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
  start?: Start,
) => Engine;
