import { request } from "./http";
import type { SessionView } from "./schema";

/** What was, or is, on air, and how complete its log is. */
export function getSession(id: string): Promise<SessionView> {
  return request("GET", `/api/v1/sessions/${id}`);
}
