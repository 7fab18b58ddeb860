/** Captions of what can be played on demand. */

import { pathOfAsset } from "./assets";
import { request, requestWith } from "./http";
import type { CaptionsView, CaptionView } from "./schema";

export type Caption = CaptionView;

export interface NewCaption {
  language: string;
  label: string;
  is_default: boolean;
}

const pathOf = (asset: string) => `${pathOfAsset(asset)}/captions`;

export async function listCaptions(asset: string): Promise<Caption[]> {
  const found = await request<CaptionsView>("GET", pathOf(asset));
  return found.captions;
}

/** Add a WebVTT or SubRip file. */
export function addCaptions(asset: string, file: File, said: NewCaption): Promise<Caption> {
  const query = new URLSearchParams({ ...said, is_default: String(said.is_default) });
  return requestWith("POST", `${pathOf(asset)}?${query}`, file, "text/plain");
}

export function deleteCaptions(asset: string, id: string): Promise<void> {
  return request("DELETE", `${pathOf(asset)}/${encodeURIComponent(id)}`);
}
