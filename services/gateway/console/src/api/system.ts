import { request } from "./http";
import type { SystemFigures } from "./schema";

export type { SystemFigures };

/** How full what the house stands on is, and whether it answers. */
export function systemFigures(): Promise<SystemFigures> {
  return request("GET", "/api/v1/system");
}
