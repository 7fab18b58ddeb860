/** A day as an input of dates has it: `2026-01-31`, of the reader's own calendar. */

import type { Span } from "./span";

export function writeDay(at_ms: number): string {
  const at = new Date(at_ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** All of it: 23 or 25 hours when clocks are changed. Null: it is no day, or only begun. */
export function readDay(text: string): Span | null {
  const begin = new Date(`${text}T00:00`);
  const from_ms = begin.getTime();
  if (Number.isNaN(from_ms)) return null;
  return { from_ms, until_ms: begin.setDate(begin.getDate() + 1) };
}
