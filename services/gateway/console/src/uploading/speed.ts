/** How fast bytes arrive, over the last seconds. */

const WINDOW_MS = 5000;
/** Sooner one cannot tell. */
const LEAST_MS = 500;

export class Speed {
  private samples: { at_ms: number; bytes: number }[] = [];

  note(bytes: number, at_ms: number): void {
    this.samples.push({ at_ms, bytes });
    while (at_ms - (this.samples[0]?.at_ms ?? at_ms) > WINDOW_MS) this.samples.shift();
  }

  /** Bytes a second; null while it cannot be told. */
  get(): number | null {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.at_ms - first.at_ms < LEAST_MS) return null;
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at_ms - first.at_ms));
  }

  reset(): void {
    this.samples = [];
  }
}
