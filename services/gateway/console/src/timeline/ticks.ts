/** Where the axis of a timeline is marked: at round times of the reader's own clock. */

import { DAY_MS, HOUR_MS, lengthOf, MINUTE_MS, SECOND_MS, type Span } from "./span";

export interface Tick {
  at_ms: number;
  text: string;
  /** A day begins. */
  isDay: boolean;
}

const STEPS_MS = [
  ...[1, 2, 5, 10, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
  ...[1, 2, 7].map((count) => count * DAY_MS),
];

/** At most `most` of them. */
export function ticksOf(span: Span, most: number, tag: string): Tick[] {
  const step_ms = STEPS_MS.find((each) => lengthOf(span) / each <= most) ?? 7 * DAY_MS;
  const ticks: Tick[] = [];
  let at_ms = firstTick(span.from_ms, step_ms);
  while (at_ms <= span.until_ms) {
    const isDay = startOfDay(at_ms) === at_ms;
    ticks.push({ at_ms, isDay, text: textOf(at_ms, step_ms, isDay, tag) });
    at_ms = nextTick(at_ms, step_ms);
  }
  return ticks;
}

export function startOfDay(at_ms: number): number {
  return new Date(at_ms).setHours(0, 0, 0, 0);
}

function firstTick(from_ms: number, step_ms: number): number {
  let at_ms = startOfDay(from_ms);
  if (step_ms < DAY_MS) at_ms += Math.ceil((from_ms - at_ms) / step_ms) * step_ms;
  while (at_ms < from_ms) at_ms = nextTick(at_ms, step_ms);
  return at_ms;
}

/** Days have 23 or 25 hours when clocks are changed. */
function nextTick(at_ms: number, step_ms: number): number {
  if (step_ms >= DAY_MS) {
    const day = new Date(at_ms);
    return day.setDate(day.getDate() + step_ms / DAY_MS);
  }
  const next_ms = at_ms + step_ms;
  const day_ms = startOfDay(next_ms);
  return day_ms > at_ms ? day_ms : next_ms;
}

function textOf(at_ms: number, step_ms: number, isDay: boolean, tag: string): string {
  const at = new Date(at_ms);
  if (isDay) return at.toLocaleDateString(tag, { month: "short", day: "numeric" });
  const second = step_ms < MINUTE_MS ? { second: "2-digit" as const } : {};
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...second } as const;
  return at.toLocaleTimeString(tag, form);
}
