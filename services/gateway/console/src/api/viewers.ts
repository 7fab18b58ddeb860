/** Who watches a stream, and the signed links that let people in. */

import { request } from "./http";
import type { NewMark, ViewerToken, ViewerView, ViewerViews } from "./schema";
import type { Stream, ViewPolicy } from "./streams";

export type Viewer = ViewerView;
export type SignedLink = ViewerToken;

/** Burned into the pictures of one viewer. No lines: the viewer, and the minute of the link. */
export type Watermark = Pick<NewMark, "lines" | "mode" | "is_moving">;

function under(stream: string, rest: string): string {
  return `/api/v1/streams/${encodeURIComponent(stream)}${rest}`;
}

export function listViewers(stream: string): Promise<ViewerViews> {
  return request("GET", under(stream, "/viewers"));
}

/** Send a player away; its link, if it has one, is void from then on. */
export function kickViewer(stream: string, viewer: string): Promise<void> {
  return request("DELETE", under(stream, `/viewers/${encodeURIComponent(viewer)}?revoke_token=true`));
}

/** Void all links to a stream that were made until now. */
export function revokeLinks(stream: string): Promise<void> {
  return request("POST", under(stream, "/viewer-tokens/revoke"), { all: true });
}

export function setViewPolicy(stream: string, policy: ViewPolicy): Promise<Stream> {
  return request("PATCH", under(stream, ""), { item: { viewPolicy: policy } });
}

/** In the name of who is signed in, for an hour. */
export function signOwnLink(stream: string): Promise<SignedLink> {
  return request("POST", under(stream, "/viewer-tokens/own"));
}

export function signLink(
  stream: string,
  expires_in_s: number,
  viewer: string,
  more: { watermark?: Watermark; max_players?: number } = {},
): Promise<SignedLink> {
  return request("POST", under(stream, "/viewer-tokens"), { expires_in_s, viewer, ...more });
}
