/** A stream that is being made: what was typed, what is wrong with it, what is sent. */

import type { NewStream } from "../api/streams";

export interface Draft {
  name: string;
  description: string;
  /** Last day on which the push key works, `YYYY-MM-DD` in local time; empty: Weir's default. */
  lastDay: string;
  id: string;
}

export const EMPTY_DRAFT: Draft = { name: "", description: "", lastDay: "", id: "" };

export type Fault = "required" | "badId" | "badDate";

/** The same names as `libs.names` allows; Weir checks again. */
const STREAM_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function checkDraft(draft: Draft): Partial<Record<keyof Draft, Fault>> {
  const faults: Partial<Record<keyof Draft, Fault>> = {};
  if (!draft.name.trim()) faults.name = "required";
  if (draft.id && !STREAM_ID.test(draft.id)) faults.id = "badId";
  if (draft.lastDay && !(endOfDay(draft.lastDay).getTime() > Date.now())) faults.lastDay = "badDate";
  return faults;
}

export function streamOf(draft: Draft): NewStream {
  const item: NewStream["item"] = { videoname: draft.name.trim() };
  if (draft.description.trim()) item.description = draft.description.trim();
  if (draft.lastDay) item.outdate = endOfDay(draft.lastDay).toISOString();
  return draft.id ? { id: draft.id, item } : { item };
}

export function today(): string {
  const now = new Date();
  const two = (value: number) => String(value).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** A date alone would be read as UTC midnight, when the day begins. */
function endOfDay(day: string): Date {
  return new Date(`${day}T23:59:59`);
}
