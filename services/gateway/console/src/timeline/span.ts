/** The stretch of time that a timeline shows, and how it is moved and zoomed. Times are Unix ms. */

export interface Span {
  from_ms: number;
  until_ms: number;
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const SHORTEST_MS = 10 * SECOND_MS;
export const LONGEST_MS = 31 * DAY_MS;

export const lengthOf = ({ from_ms, until_ms }: Span) => until_ms - from_ms;

/** Around an instant. */
export function spanAround(at_ms: number, length_ms: number): Span {
  return { from_ms: at_ms - length_ms / 2, until_ms: at_ms + length_ms / 2 };
}

/** `factor` < 1 shows less, more closely; what is at `at_ms` stays where it is. */
export function zoomed(span: Span, factor: number, at_ms: number): Span {
  const length_ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, lengthOf(span) * factor));
  const place = (at_ms - span.from_ms) / lengthOf(span);
  const from_ms = at_ms - place * length_ms;
  return { from_ms, until_ms: from_ms + length_ms };
}

export function moved(span: Span, by_ms: number): Span {
  return { from_ms: span.from_ms + by_ms, until_ms: span.until_ms + by_ms };
}

/** Not beyond what can have happened, however it was moved. */
export function notAhead(span: Span, now_ms: number): Span {
  const beyond_ms = span.until_ms - (now_ms + lengthOf(span) / 2);
  return beyond_ms > 0 ? moved(span, -beyond_ms) : span;
}

/** 0 to 1 within the span; less or more outside. */
export const placeOf = (span: Span, at_ms: number) => (at_ms - span.from_ms) / lengthOf(span);

export const instantAt = (span: Span, place: number) => span.from_ms + place * lengthOf(span);

/** What both show; null: nothing. */
export function overlap(one: Span, other: Span): Span | null {
  const from_ms = Math.max(one.from_ms, other.from_ms);
  const until_ms = Math.min(one.until_ms, other.until_ms);
  return from_ms < until_ms ? { from_ms, until_ms } : null;
}
