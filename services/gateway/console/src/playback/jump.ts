/** Where a player stands in a live playlist; all in seconds, times on the picture's clock. */
export interface Standing {
  current_s: number;
  /** The end of what is listed. */
  edge_s: number;
  /** How far behind the edge it is to play. */
  latency_s: number;
  /** TARGETDURATION. */
  target_s: number;
  /** The keyframe that the playlist says to begin at (EXT-X-START); null: segments have one each. */
  keyframe_s: number | null;
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
  if (keyframe_s !== null) return keyframe_s - current_s > LONGEST_GOP_S ? keyframe_s : null;
  const behind_s = edge_s - current_s;
  return behind_s > 2 * latency_s + target_s ? edge_s - latency_s : null;
}
