import { requestState } from "./http";
import type { HouseHealth } from "./schema";

export type { HouseHealth };

export function houseHealth(): Promise<HouseHealth> {
  return requestState("/api/v1/health");
}
