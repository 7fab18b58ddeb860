import { request } from "./http";
import type { RelayTargetView, RelayTargetViews } from "./schema";

/** Its address is without the stream key. */
export type RelayTarget = RelayTargetView;
export type RelayState = RelayTarget["state"];

export interface NewRelayTarget {
  name: string;
  url: string;
}

const pathOf = (stream: string) => `/api/v1/streams/${encodeURIComponent(stream)}/relay-targets`;

export async function listRelays(stream: string): Promise<RelayTarget[]> {
  const answer = await request<RelayTargetViews>("GET", pathOf(stream));
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
