/** The one clock by which several recordings are shown: it waits for whoever is not ready. */

/** Nobody is waited for any longer. */
const PATIENCE_MS = 8000;
/** A tab that was in the background has not played. */
const LONGEST_FRAME_MS = 500;

export class Clock {
  isPlaying = false;
  rate = 1;
  private readonly listeners = new Set<() => void>();
  private readonly waiting = new Map<string, number>();
  private frame = 0;
  private last_ms = 0;

  /** `next` says where it goes on from an instant of which there is nothing; null: it stops. */
  constructor(
    private at: number,
    public next: (at_ms: number) => number | null = (at_ms) => at_ms,
  ) {}

  /** Unix ms. */
  get at_ms(): number {
    return this.at;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  seek(at_ms: number): void {
    this.at = at_ms;
    this.tell();
  }

  play(): void {
    if (this.isPlaying) return;
    this.isPlaying = true;
    this.last_ms = performance.now();
    this.frame = requestAnimationFrame(this.tick);
    this.tell();
  }

  pause(): void {
    this.isPlaying = false;
    cancelAnimationFrame(this.frame);
    this.tell();
  }

  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  setRate(rate: number): void {
    this.rate = rate;
    this.tell();
  }

  /** While somebody's picture is not there, no time passes. */
  wait(who: string, isWaiting: boolean): void {
    if (!isWaiting) this.waiting.delete(who);
    else if (!this.waiting.has(who)) this.waiting.set(who, performance.now());
  }

  private readonly tick = (now_ms: number): void => {
    const passed_ms = Math.min(LONGEST_FRAME_MS, Math.max(0, now_ms - this.last_ms));
    this.last_ms = now_ms;
    if (![...this.waiting.values()].some((since_ms) => now_ms - since_ms < PATIENCE_MS)) {
      const next_ms = this.next(this.at + passed_ms * this.rate);
      if (next_ms === null) return this.pause();
      this.at = next_ms;
    }
    this.tell();
    if (this.isPlaying) this.frame = requestAnimationFrame(this.tick);
  };

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
