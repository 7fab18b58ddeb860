/** The storyboard of something recorded: which tile of which sheet shows which time. */

import { RequestFailed } from "./http";

/** A rectangle of a picture, in pixels of it. */
export interface Tile {
  from_s: number;
  sheet: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const NOT_YET = 409;
const CUE = /^(\d+):(\d+):([\d.]+) --> [^\n]+\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;

/** Its tiles, in order; null while they are being made. */
export async function fetchStoryboard(path: string): Promise<Tile[] | null> {
  const response = await fetch(path);
  if (response.status === NOT_YET) return null;
  const { status } = response;
  if (!response.ok) throw new RequestFailed({ status, code: "", detail: response.statusText });
  return readStoryboard(await response.text(), response.url);
}

/** WebVTT whose cues are Media Fragments URIs (4.2.2), relative to `base`. */
export function readStoryboard(text: string, base: string): Tile[] {
  return Array.from(text.matchAll(CUE), ([, hours, minutes, seconds, sheet, ...box]) => {
    const [x = 0, y = 0, width = 0, height = 0] = box.map(Number);
    const from_s = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return { from_s, sheet: new URL(sheet ?? "", base).href, x, y, width, height };
  });
}
