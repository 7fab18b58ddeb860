/** Who watches a stream, and the signed links that let people in. */

import { request } from "./http";
import type { Stream, ViewerCounts, ViewPolicy } from "./streams";

export interface Viewer {
  id: string;
  kind: "flv" | "hls" | "dash";
  since: string;
  address: string;
  /** As the token says; empty without one. */
  viewer: string;
  token_id: string;
}

export interface Viewers {
  counts: ViewerCounts;
  viewers: Viewer[];
  is_complete: boolean;
}

/** Burned into the pictures of one viewer. */
export interface Watermark {
  /** None: the viewer, and the minute in which the link is made. */
  lines: string[];
  /** `bursts`: some segments show it, and nobody can foretell which. */
  mode: "every" | "bursts";
  is_moving: boolean;
}

export interface SignedLink {
  token: string;
  expires_at: string;
  playback: { pages: Record<"flv" | "hls" | "hls_cmaf" | "dash", string> };
}

function under(stream: string, rest: string): string {
  return `/api/v1/streams/${encodeURIComponent(stream)}${rest}`;
}

export function listViewers(stream: string): Promise<Viewers> {
  return request("GET", under(stream, "/viewers"));
}

/** Send a player away; its link, if it has one, is void from then on. */
export function kickViewer(stream: string, viewer: string): Promise<void> {
  return request("DELETE", under(stream, `/viewers/${encodeURIComponent(viewer)}?revoke_token=true`));
}

export function setViewPolicy(stream: string, policy: ViewPolicy): Promise<Stream> {
  return request("PATCH", under(stream, ""), { item: { viewPolicy: policy } });
}

export function signLink(
  stream: string,
  expires_in_s: number,
  viewer: string,
  watermark?: Watermark,
): Promise<SignedLink> {
  const marked = watermark ? { watermark } : {};
  return request("POST", under(stream, "/viewer-tokens"), { expires_in_s, viewer, ...marked });
}
