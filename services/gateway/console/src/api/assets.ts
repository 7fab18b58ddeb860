/** What can be played on demand. */

import { request, RequestFailed } from "./http";
import type { AssetLinks, AssetsView, AssetView } from "./schema";
import { deleteUpload } from "./uploads";

export type { AssetLinks };
export type Asset = AssetView;

/** As it was asked for: by the name of a template, or the caller's own. */
type Rung = string | { name?: string };

const PAGE = 48;

export const pathOfAsset = (id: string) => `/api/v1/assets/${encodeURIComponent(id)}`;

/** A page of assets, newest first. */
export function listAssets(after: string | null): Promise<AssetsView> {
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
  const others = await request<AssetsView>("GET", `/api/v1/assets?limit=1&upload=${upload}`);
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
  const rungs = (ladder?.rungs ?? []) as Rung[];
  return rungs.map((rung) => (typeof rung === "string" ? rung : rung.name ?? "")).filter(Boolean);
}
