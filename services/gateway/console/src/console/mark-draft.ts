/** A marked link that is being made: what was typed, and whether Weir will take it. */

import type { Watermark } from "../api/viewers";

export interface MarkDraft {
  viewer: string;
  lasts_s: number;
  /** One under the other. */
  lines: string;
  mode: Watermark["mode"];
  is_moving: boolean;
}

export const EMPTY_MARK: MarkDraft = {
  viewer: "",
  lasts_s: 24 * 3600,
  lines: "",
  mode: "bursts",
  is_moving: true,
};

const MOST_LINES = 8;
const MOST_CHARACTERS = 64;

export function linesOf({ lines }: MarkDraft): string[] {
  return lines.split("\n").map((line) => line.trim()).filter(Boolean);
}

export function isRight(draft: MarkDraft): boolean {
  const lines = linesOf(draft);
  return lines.length <= MOST_LINES && lines.every((line) => [...line].length <= MOST_CHARACTERS);
}
