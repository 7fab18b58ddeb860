/** EXT-X-PROGRAM-DATE-TIME as a clock: which instant a position shows, and the other way round. */

import type Hls from "hls.js";
import type { LevelDetails, MediaFragment } from "hls.js";

import type { WallClock } from "./engine";

export function clockOf(hls: Hls): WallClock {
  const details = () => hls.latestLevelDetails;
  return {
    at(position_s) {
      const listed = details();
      return listed ? instantAt(listed, position_s) : null;
    },
    position(at_ms) {
      const listed = details();
      return listed ? mediaTimeAt(listed, at_ms) : null;
    },
    range() {
      const listed = details();
      if (!listed) return null;
      const start_ms = instantAt(listed, listed.fragmentStart);
      const end_ms = instantAt(listed, listed.edge);
      return start_ms === null || end_ms === null ? null : { start_ms, end_ms };
    },
  };
}

/** Unix milliseconds; null: the playlist tells no time. */
function instantAt(details: LevelDetails, position_s: number): number | null {
  const found = lastWhere(details.fragments, (each) => each.start <= position_s);
  if (!found?.programDateTime) return null;
  return found.programDateTime + (position_s - found.start) * 1000;
}

/** Where an instant is; one in a hole is where play goes on after it. */
export function mediaTimeAt(details: LevelDetails, at_ms: number): number | null {
  const found = lastWhere(details.fragments, (each) => (each.programDateTime ?? Infinity) <= at_ms);
  if (!found?.programDateTime) return details.fragments.length > 0 ? details.fragmentStart : null;
  const into_s = (at_ms - found.programDateTime) / 1000;
  const isLast = found === details.fragments.at(-1);
  return found.start + (isLast ? into_s : Math.min(into_s, found.duration));
}

/** The last one that it holds for; it holds for all before that. */
function lastWhere(
  fragments: MediaFragment[],
  holds: (fragment: MediaFragment) => boolean,
): MediaFragment | undefined {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const fragment = fragments[middle];
    if (fragment && holds(fragment)) low = middle + 1;
    else high = middle;
  }
  return fragments[Math.max(0, low - 1)];
}
