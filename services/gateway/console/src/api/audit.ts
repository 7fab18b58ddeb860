/** Who did what through the API. */

import { request } from "./http";
import type { AuditEntry, AuditPage } from "./schema";

export type { AuditEntry } from "./schema";
export type Outcome = AuditEntry["outcome"];

/** What is left empty does not narrow the log. */
export interface Wanted {
  actor_name: string;
  outcome: Outcome | "";
  /** What routes begin with. */
  under: string;
  /** Instants, RFC 3339. */
  from_at: string;
  until_at: string;
}

export const EVERYTHING: Wanted = {
  actor_name: "",
  outcome: "",
  under: "",
  from_at: "",
  until_at: "",
};

const PAGE = 50;

export function listAudit(wanted: Wanted, after: string | null): Promise<AuditPage> {
  const query = queryOf(wanted);
  query.set("limit", String(PAGE));
  if (after !== null) query.set("after", after);
  return request("GET", `/api/v1/audit?${query}`);
}

/** Where all of it is downloaded. */
export function auditFile(wanted: Wanted): string {
  return `/api/v1/audit.csv?${queryOf(wanted)}`;
}

function queryOf(wanted: Wanted): URLSearchParams {
  return new URLSearchParams(Object.entries(wanted).filter(([, value]) => value !== ""));
}
