/** The rendition that a viewer has chosen, also where it is only to be made. */

import type Hls from "hls.js";

/** A rung's first segment is there within about three seconds of the wish for it. */
const AGAIN_MS = 3000;

/**
 * A rung that nobody has watched yet is a gap, which hls.js takes for an error: it plays another
 * one and forgets what was chosen. So it is asked for again, until it is there.
 */
export class WantedLevel {
  id: number | null = null;
  private timer = 0;

  /** What is live has little that is fetched already; of what is not, that is thrown away. */
  constructor(
    private readonly hls: Hls,
    private readonly isLive: boolean,
  ) {}

  choose(id: number | null): void {
    clearInterval(this.timer);
    this.id = id;
    if (id === null) {
      this.hls.nextLevel = -1;
      return;
    }
    if (this.isLive) this.hls.loadLevel = id;
    else this.hls.nextLevel = id;
    this.timer = window.setInterval(this.again, AGAIN_MS);
  }

  destroy(): void {
    clearInterval(this.timer);
  }

  private readonly again = (): void => {
    if (this.id !== null && this.hls.loadLevel !== this.id) this.hls.loadLevel = this.id;
  };
}
