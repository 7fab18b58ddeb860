/** What there is of a stream, in order: what can be seen, and what cannot, and why. */

import type { TimelineGap, TimelineSession } from "../api/recordings";
import { overlap, type Span } from "./span";

export interface Part extends Span {
  session: string;
  isOpen: boolean;
}

export interface Missing extends Span {
  /** `off`: between two sessions. */
  kind: TimelineGap["kind"] | "off";
  cause: string | null;
}

export interface Footage {
  parts: Part[];
  missing: Missing[];
}

const ms = (at: string) => Date.parse(at);

export function footageOf(sessions: readonly TimelineSession[]): Footage {
  const parts: Part[] = [];
  const missing: Missing[] = [];
  let before: TimelineSession | null = null;
  for (const session of sessions) {
    const { session: id, is_open: isOpen, gaps } = session;
    const from_ms = ms(session.from_at);
    if (before && ms(before.until_at) < from_ms) {
      missing.push({ from_ms: ms(before.until_at), until_ms: from_ms, kind: "off", cause: before.cause });
    }
    let at_ms = from_ms;
    for (const gap of gaps) {
      const hole = { from_ms: ms(gap.from_at), until_ms: ms(gap.until_at) };
      if (hole.from_ms > at_ms) {
        parts.push({ session: id, isOpen: false, from_ms: at_ms, until_ms: hole.from_ms });
      }
      missing.push({ ...hole, kind: gap.kind, cause: gap.cause });
      at_ms = Math.max(at_ms, hole.until_ms);
    }
    const until_ms = ms(session.until_at);
    if (until_ms > at_ms) parts.push({ session: id, isOpen, from_ms: at_ms, until_ms });
    before = session;
  }
  return { parts, missing };
}

export const isWithin = (span: Span, at_ms: number) => span.from_ms <= at_ms && at_ms < span.until_ms;

/** How much of `span` can be seen, in ms. */
export function seenOf({ parts }: Footage, span: Span): number {
  return parts.reduce((sum, part) => {
    const seen = overlap(part, span);
    return sum + (seen ? seen.until_ms - seen.from_ms : 0);
  }, 0);
}
