/** What can be played on demand. */

import { request, RequestFailed } from "./http";
import type { ViewPolicy } from "./streams";
import { deleteUpload } from "./uploads";

/** `waiting`: it is not known yet what is to be made of it. */
export type AssetState = "waiting" | "processing" | "ready" | "failed";

export interface AssetLinks {
  hls: string;
  dash: string;
  hls_ts: string;
  mp4: string;
  /** WebVTT; 409 while it is made. */
  storyboard: string;
}

export interface Asset {
  id: string;
  name: string;
  way: "upload" | "session";
  state: AssetState;
  /** What it was made of. */
  upload: string | null;
  /** Under whose name it is played: its own id, or the stream of a session that was kept. */
  stream: string;
  view_policy: ViewPolicy;
  /** As it was asked for: rungs by the name of a template, or of the caller's own. */
  ladder: { rungs?: (string | { name?: string })[] } | null;
  created_at: string;
  chunks: number;
  chunks_done: number;
  duration_s: number | null;
  /** A leaked copy names who watched it; then it is `signed`. */
  is_watermarked: boolean;
  error_code: string | null;
  reason: string | null;
  /** Once it is ready. */
  playback: AssetLinks | null;
}

export interface AssetPage {
  assets: Asset[];
  next_after: string | null;
}

const PAGE = 48;

export const pathOfAsset = (id: string) => `/api/v1/assets/${encodeURIComponent(id)}`;

/** A page of assets, newest first. */
export function listAssets(after: string | null): Promise<AssetPage> {
  const from = after === null ? "" : `&after=${encodeURIComponent(after)}`;
  return request("GET", `/api/v1/assets?limit=${PAGE}${from}`);
}

export function renameAsset(id: string, name: string): Promise<Asset> {
  return request("PATCH", pathOfAsset(id), { name });
}

/** Delete it, and the file that it was made of, unless another asset is made of that. */
export async function deleteAsset({ id, upload }: Asset): Promise<void> {
  await request("DELETE", pathOfAsset(id));
  if (upload === null) return;
  const others = await request<AssetPage>("GET", `/api/v1/assets?limit=1&upload=${upload}`);
  if (others.assets.length > 0) return;
  try {
    await deleteUpload(upload);
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.problem.code !== "upload_unknown") throw error;
  }
}

export function isInTheMaking({ state }: Asset): boolean {
  return state === "waiting" || state === "processing";
}

/** The smaller pictures that it has besides its own size. */
export function rungsOf({ ladder }: Asset): string[] {
  const names = (ladder?.rungs ?? []).map((rung) => (typeof rung === "string" ? rung : rung.name));
  return names.filter((name) => name !== undefined);
}
