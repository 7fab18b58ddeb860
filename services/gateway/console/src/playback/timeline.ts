/** Where a player stands, on one line: the wall clock of what is on air, or the time of a recording. */

import type { WallClock } from "./engine";

/** Unix milliseconds of what is on air, else milliseconds from the beginning. */
export interface Timeline {
  start_ms: number;
  end_ms: number;
  at_ms: number;
  /** Until where it has been fetched. */
  fetched_ms: number;
  isLive: boolean;
  /** So close to the end is live. */
  live_ms: number;
}

/** How far back one may seek at most; the server keeps no longer list. */
export const REWINDS_MS = 4 * 3600 * 1000;
/** Players of what is live stand so far behind its end, if they do not say how far, and a little. */
const TARGET_S = 6;
const NEAR_MS = 1000;

export function timelineOf(
  video: HTMLVideoElement,
  clock: WallClock | undefined,
  facts: { isRecorded: boolean; since_ms: number | null; target_s: number | null },
): Timeline | null {
  const { isRecorded, since_ms, target_s } = facts;
  const fetched_s = fetchedUntil(video);
  if (isRecorded) {
    if (!Number.isFinite(video.duration) || video.duration <= 0) return null;
    return {
      start_ms: 0,
      end_ms: video.duration * 1000,
      at_ms: video.currentTime * 1000,
      fetched_ms: fetched_s * 1000,
      isLive: false,
      live_ms: 0,
    };
  }
  const range = clock?.range();
  const at_ms = clock?.at(video.currentTime) ?? null;
  if (!clock || !range || at_ms === null || since_ms === null) return null;
  return {
    start_ms: Math.min(Math.max(since_ms, range.end_ms - REWINDS_MS), at_ms),
    end_ms: Math.max(range.end_ms, at_ms),
    at_ms,
    fetched_ms: clock.at(fetched_s) ?? at_ms,
    isLive: true,
    live_ms: (target_s ?? TARGET_S) * 1000 + NEAR_MS,
  };
}

/** The end of what is fetched around the picture. */
function fetchedUntil({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i)) {
      return buffered.end(i);
    }
  }
  return currentTime;
}
