import { requestState } from "./http";

export interface ServiceHealth {
  kind: string;
  instance: string;
  is_ready: boolean;
  reason: string | null;
}

export interface HouseHealth {
  status: "ok" | "degraded";
  reasons: string[];
  services: ServiceHealth[];
}

export function houseHealth(): Promise<HouseHealth> {
  return requestState("/api/v1/health");
}
