/** Timed metadata: told to the page when the picture that it belongs to is shown. */

import type { Metadata } from "../watch/facts";

export const METADATA_EVENT = "weir-metadata";
/** What is further ahead than this was put by another clock, or the viewer has gone back in time. */
const AHEAD_MS = 60_000;

export class TimedMetadata {
  private waiting: Metadata[] = [];

  constructor(private readonly root: HTMLElement) {}

  add(metadata: Metadata): void {
    this.waiting.push(metadata);
  }

  /** `now_ms`: the instant of the picture, Unix ms; null: nobody knows it, so that nothing waits. */
  show(now_ms: number | null): void {
    if (this.waiting.length === 0) return;
    const due = this.waiting.filter((each) => now_ms === null || Date.parse(each.at) <= now_ms);
    this.waiting = this.waiting.filter(
      (each) => !due.includes(each) && Date.parse(each.at) - (now_ms ?? 0) < AHEAD_MS,
    );
    for (const each of due) this.tell(each);
  }

  private tell(metadata: Metadata): void {
    this.root.dispatchEvent(new CustomEvent(METADATA_EVENT, { bubbles: true, detail: metadata }));
    // The page around an embed; it is the operator's word to everybody who watches.
    if (window.parent !== window) window.parent.postMessage({ type: METADATA_EVENT, ...metadata }, "*");
  }
}
