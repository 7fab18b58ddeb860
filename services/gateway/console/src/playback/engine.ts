/** Why an engine stopped by itself. */
export type Stop =
  /** The broadcast is over, or the connection was closed. */
  | "ended"
  /** It could not go on; a fresh start may help. */
  | "broken"
  /** This browser cannot play it. */
  | "unsupported";

/** A library that feeds one `<video>`. It says `onStop` once, and nothing after `destroy`. */
export interface Engine {
  /** Seconds behind what the server has; null while that is not known. */
  latency(): number | null;
  destroy(): void;
}

/** What is buffered beyond the picture, in seconds: all that a player knows without a clock. */
export function bufferAhead({ buffered, currentTime }: HTMLVideoElement): number | null {
  return buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : null;
}

export type StartEngine = (
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
) => Engine;
