/** What was said when the picture that is shown was taken: fetched by minutes, as it plays. */

import type { Message } from "./words";

const MINUTE_MS = 60_000;
/** So much of what was said before is there when somebody begins in the middle. */
const BEFORE_MS = 2 * MINUTE_MS;
/** So long before its end the next minute is fetched. */
const AHEAD_MS = 15_000;
/** The minute that goes on is fetched again after so long; so is one that could not be had. */
const AGAIN_MS = 10_000;

interface Minute {
  messages: Message[];
  asked_ms: number;
  /** It was over when it was asked for. */
  isWhole: boolean;
}

export class ChatReplay {
  private readonly minutes = new Map<number, Minute>();

  /** `urlOf`: where a Unix minute is. */
  constructor(private readonly urlOf: (minute: number) => string) {}

  /** What was said up to an instant, Unix ms, oldest first; what is missing is fetched meanwhile. */
  until(at_ms: number): Message[] {
    const first = Math.floor((at_ms - BEFORE_MS) / MINUTE_MS);
    const last = Math.floor((at_ms + AHEAD_MS) / MINUTE_MS);
    const found: Message[] = [];
    for (let minute = first; minute <= last; minute += 1) {
      void this.fetch(minute);
      found.push(...(this.minutes.get(minute)?.messages ?? []));
    }
    return found.filter((message) => message.at <= at_ms);
  }

  /** Whether all is here that was said around an instant. */
  knows(at_ms: number): boolean {
    return this.minutes.get(Math.floor(at_ms / MINUTE_MS))?.isWhole === true;
  }

  private async fetch(minute: number): Promise<void> {
    const known = this.minutes.get(minute);
    const now_ms = Date.now();
    if (known && (known.isWhole || now_ms - known.asked_ms < AGAIN_MS)) return;
    const isWhole = now_ms > (minute + 1) * MINUTE_MS + AGAIN_MS;
    this.minutes.set(minute, { messages: known?.messages ?? [], asked_ms: now_ms, isWhole: false });
    const answer = await fetch(this.urlOf(minute)).catch(() => null);
    if (!answer?.ok) return;
    const { messages } = (await answer.json()) as { messages: Message[] };
    this.minutes.set(minute, { messages, asked_ms: now_ms, isWhole });
  }
}
