/** Where a player stands in a live playlist; all in seconds, times on the picture's clock. */
export interface Standing {
  current_s: number;
  /** The end of what is listed. */
  edge_s: number;
  /** How far behind the edge it is to play. */
  latency_s: number;
  /** TARGETDURATION. */
  target_s: number;
  /** The newest keyframe that is old enough to begin at; null: none is known. */
  keyframe_s: number | null;
  /** Whether the playlist says to begin at it (EXT-X-START): not every segment has one. */
  isSparse: boolean;
}

/** Encoders that choose the distance of keyframes send one in 8 to 10 s. */
const LONGEST_GOP_S = 12;

/**
 * Where a player jumps to that is too far behind, as after a laptop's sleep, or when its machine had
 * too much to do; null: it stays, and hurries.
 *
 * hls.js hurries up to twice its latency and a target duration behind; further back it takes itself
 * for one that looks back, and stays there. Its own limit (`liveMaxLatencyDuration`) cannot be set
 * without giving up PART-HOLD-BACK, jumps where there may be no keyframe, and while it is paused.
 */
export function jumpTarget(standing: Standing): number | null {
  const { current_s, edge_s, latency_s, target_s, keyframe_s } = standing;
  if (keyframe_s === null) return null;
  const to_s = edge_s - latency_s;
  // In a session's first GOP nobody knows yet that it is long.
  if (standing.isSparse || to_s - keyframe_s > target_s) {
    return keyframe_s - current_s > LONGEST_GOP_S ? keyframe_s : null;
  }
  return edge_s - current_s > 2 * latency_s + target_s ? to_s : null;
}
