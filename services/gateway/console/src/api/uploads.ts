/** Files that come to Weir, and what became of them. */

import type { Order } from "../uploading/order";
import { request, requestLocation } from "./http";
import type { UploadsView, UploadView } from "./schema";

export type Upload = UploadView;
export type UploadState = Upload["state"];

const TUS = { "tus-resumable": "1.0.0" };

/** States in which an upload is no asset yet, or will never be one. */
const UNFINISHED: UploadState[] = ["open", "complete", "refused"];

export const pathOfUpload = (id: string) => `/api/v1/uploads/${encodeURIComponent(id)}`;

/** What has not become an asset, newest first. */
export async function listUnfinished(): Promise<Upload[]> {
  const pages = await Promise.all(UNFINISHED.map((state) => find(`state=${state}`)));
  return pages.flat().toSorted((a, b) => b.created_at.localeCompare(a.created_at));
}

/** The upload of the same file that was begun before; null: there is none. */
export async function findOpen(fingerprint: string): Promise<Upload | null> {
  const found = await find(`state=open&fingerprint=${encodeURIComponent(fingerprint)}`);
  return found[0] ?? null;
}

async function find(query: string): Promise<Upload[]> {
  const page = await request<UploadsView>("GET", `/api/v1/uploads?${query}`);
  return page.uploads;
}

/** Begin an upload, as tus says (Creation); its id. */
export async function createUpload(
  file: File,
  fingerprint: string,
  { rungs, is_watermarked }: Order,
): Promise<string> {
  const said = {
    filename: file.name,
    filetype: file.type,
    fingerprint,
    ladder: rungs.join(","),
    is_watermarked: String(is_watermarked),
  };
  const metadata = Object.entries(said)
    .filter(([, value]) => value)
    .map(([key, value]) => `${key} ${base64(value)}`);
  const path = await requestLocation("/api/v1/uploads", {
    ...TUS,
    "upload-length": String(file.size),
    "upload-metadata": metadata.join(","),
  });
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Give an upload up, with all that is there of it. */
export function deleteUpload(id: string): Promise<void> {
  return request("DELETE", pathOfUpload(id), undefined, TUS);
}

/** Have a file fetched from an address; without a name it is called as the address ends. */
export function importFile(
  url: string,
  name: string,
  { rungs, is_watermarked }: Order,
): Promise<Upload> {
  const ladder = rungs.length > 0 ? { ladder: { rungs } } : {};
  const named = name ? { name } : {};
  return request("POST", "/api/v1/uploads/import", { url, is_watermarked, ...named, ...ladder });
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
