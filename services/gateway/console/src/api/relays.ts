import { request } from "./http";

export type RelayState = "idle" | "connecting" | "live" | "failed" | "stopped";

/** A relay target as the API shows it: its address is without the stream key. */
export interface RelayTarget {
  id: string;
  name: string;
  url: string;
  is_enabled: boolean;
  state: RelayState;
  cause: string | null;
  detail: string | null;
  since: string | null;
  numbers: {
    sent_bytes: number;
    sent_frames: number;
    skipped_frames: number;
    reconnects: number;
    lag_ms: number;
  };
}

export interface NewRelayTarget {
  name: string;
  url: string;
}

const pathOf = (stream: string) => `/api/v1/streams/${encodeURIComponent(stream)}/relay-targets`;

export async function listRelays(stream: string): Promise<RelayTarget[]> {
  const answer = await request<{ targets: RelayTarget[] }>("GET", pathOf(stream));
  return answer.targets;
}

export function addRelay(stream: string, target: NewRelayTarget): Promise<RelayTarget> {
  return request("POST", pathOf(stream), target);
}

export function switchRelay(stream: string, id: string, isEnabled: boolean): Promise<RelayTarget> {
  return request("PATCH", `${pathOf(stream)}/${id}`, { is_enabled: isEnabled });
}

export function deleteRelay(stream: string, id: string): Promise<void> {
  return request("DELETE", `${pathOf(stream)}/${id}`);
}
