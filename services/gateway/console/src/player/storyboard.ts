/** Storyboards: which tile of which sheet shows which time (WebVTT, Media Fragments). */

import { REWINDS_MS, type Timeline } from "../playback/timeline";

export interface Pictures {
  /** What a moment of the timeline looks like; null: there is no picture of it (yet). */
  tile(at_ms: number, timeline: Timeline): Tile | null;
}

export interface Tile {
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Cue extends Tile {
  until_ms: number;
}

/** While it is being made, it is asked for again. */
const AGAIN_MS = 4000;
const CUE = /(\d+):(\d\d):(\d\d)\.(\d{3})\s*\n(\S+?)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

/** Of a recording, or a window. */
export class Storyboard implements Pictures {
  private cues: Cue[] = [];
  private asked_ms = -Infinity;
  private isRead = false;
  /** Fetched before they are looked at. */
  private readonly sheets = new Map<string, HTMLImageElement>();

  constructor(private readonly url: string) {}

  tile(at_ms: number): Tile | null {
    void this.read();
    const found = this.cues.find((cue) => at_ms < cue.until_ms) ?? this.cues.at(-1) ?? null;
    return found;
  }

  private async read(): Promise<void> {
    const now_ms = performance.now();
    if (this.isRead || now_ms - this.asked_ms < AGAIN_MS) return;
    this.asked_ms = now_ms;
    const response = await fetch(this.url).catch(() => null);
    if (!response?.ok) return;
    this.isRead = true;
    this.cues = parse(await response.text(), new URL(this.url, location.href));
    for (const { url } of this.cues) {
      if (this.sheets.has(url)) continue;
      const image = new Image();
      image.src = url;
      this.sheets.set(url, image);
    }
  }
}

/** So much of what is on air has a storyboard of its own, from full minutes to full minutes. */
const BLOCK_MS = 5 * 60_000;
/** A window has one a minute after its end, and the list of what is stored is a little behind. */
const SETTLED_MS = 80_000;

/** Of what is on air: the blocks that are over, the same for all who watch. */
export class LiveStoryboards implements Pictures {
  private readonly blocks = new Map<number, Storyboard>();

  /** `urlOf` leads to the storyboard of a window, in Unix ms. */
  constructor(private readonly urlOf: (from_ms: number, until_ms: number) => string) {}

  tile(at_ms: number, { start_ms, end_ms }: Timeline): Tile | null {
    const block_ms = Math.floor(at_ms / BLOCK_MS) * BLOCK_MS;
    const until_ms = block_ms + BLOCK_MS;
    const from_ms = Math.max(block_ms, start_ms);
    const slides = end_ms - start_ms >= REWINDS_MS;
    if (until_ms > end_ms - SETTLED_MS || (slides && from_ms > block_ms)) return null;
    let block = this.blocks.get(from_ms);
    if (!block) {
      block = new Storyboard(this.urlOf(from_ms, until_ms));
      this.blocks.set(from_ms, block);
    }
    return block.tile(at_ms - from_ms);
  }
}

function parse(text: string, base: URL): Cue[] {
  return [...text.matchAll(CUE)].map((found) => {
    const [hours, minutes, seconds, milliseconds] = found.slice(1, 5).map(Number);
    const [x = 0, y = 0, width = 0, height = 0] = found.slice(6, 10).map(Number);
    const all_s = ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
    const until_ms = all_s * 1000 + (milliseconds ?? 0);
    return { url: new URL(found[5] ?? "", base).href, x, y, width, height, until_ms };
  });
}
