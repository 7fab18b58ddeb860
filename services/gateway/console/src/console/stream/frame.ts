/** A mark on a frame: where it lies, as `libs.marks.placing` says, and where it was dragged to. */

import type { Anchor, Mark } from "../../api/marks";

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  left: number;
  top: number;
}

export const ANCHORS: readonly Anchor[] = [
  "top_left", "top", "top_right",
  "left", "center", "right",
  "bottom_left", "bottom", "bottom_right",
];

const FARTHEST = 8192;
/** From the edges, of a mark that is laid into a corner. */
const MARGIN = 24;

/** Which share of the room left over lies left of a mark, and above it. */
function sharesOf(anchor: Anchor): [across: number, down: number] {
  const across = anchor.endsWith("left") ? 0 : anchor.endsWith("right") ? 1 : 0.5;
  const down = anchor.startsWith("top") ? 0 : anchor.startsWith("bottom") ? 1 : 0.5;
  return [across, down];
}

/** Left and top of a mark's picture on a frame. */
export function place(mark: Mark, picture: Size, frame: Size): Point {
  const [across, down] = sharesOf(mark.anchor);
  const left = along(across, mark.x, frame.width - picture.width);
  const top = along(down, mark.y, frame.height - picture.height);
  if (mark.kind !== "clock") return { left, top };
  return {
    left: within(left, frame.width - picture.width),
    top: within(top, frame.height - picture.height),
  };
}

/** `x` and `y` of a mark whose picture was dragged to `point`; its anchor stays. */
export function dragged(
  anchor: Anchor,
  point: Point,
  picture: Size,
  frame: Size,
): { x: number; y: number } {
  const [across, down] = sharesOf(anchor);
  return {
    x: back(across, Math.round(point.left), frame.width - picture.width),
    y: back(down, Math.round(point.top), frame.height - picture.height),
  };
}

/** Into a corner, to the middle of an edge, or of the frame. */
export function anchored(anchor: Anchor): { anchor: Anchor; x: number; y: number } {
  const [across, down] = sharesOf(anchor);
  return { anchor, x: across === 0.5 ? 0 : MARGIN, y: down === 0.5 ? 0 : MARGIN };
}

function along(share: number, distance: number, free: number): number {
  return half(share * free) + (share === 1 ? -distance : distance);
}

function back(share: number, at: number, free: number): number {
  const distance = at - half(share * free);
  const limited = Math.min(Math.max(distance, -FARTHEST), FARTHEST);
  return share === 1 ? 0 - limited : limited;
}

/** Python's `round`: a half goes to the even neighbour. */
function half(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, 0), Math.max(most, 0));
}
