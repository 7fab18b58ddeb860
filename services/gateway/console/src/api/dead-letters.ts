import { request } from "./http";
import type { DeadLetterPage } from "./schema";

export type { DeadLetter } from "./schema";

/** A page of messages that no handler could digest, newest first. */
export function listDeadLetters(after: string | null): Promise<DeadLetterPage> {
  const query = after === null ? "" : `?after=${encodeURIComponent(after)}`;
  return request("GET", `/api/v1/dead-letters${query}`);
}
