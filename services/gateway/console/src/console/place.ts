/** Which of the console's pages is shown; it stands behind the `#` of the address. */

import { useSyncExternalStore } from "react";

import type { Permission } from "../api/access";

export type Page =
  | "streams" | "recordings" | "timeline" | "videos" | "viewers" | "webhooks"
  | "users" | "keys" | "audit" | "tenants" | "jobs" | "system" | "domains" | "devices"
  | "account";

/** Without which permission there is nothing to see; null: a page for all who are signed in. */
export const NEEDS = {
  streams: "streams:read",
  recordings: "recordings:read",
  timeline: "recordings:read",
  videos: "assets:read",
  viewers: "viewers:read",
  webhooks: "webhooks:read",
  users: "users:read",
  keys: "api_keys:read",
  audit: "audit:read",
  tenants: "tenants:write",
  jobs: "jobs:read",
  system: "settings:read",
  domains: "streams:read",
  devices: "recordings:read",
  account: null,
} as const satisfies Record<Page, Permission | null>;

/** What stands in the bar, and the pages behind each word. */
export const ENTRIES = [
  { name: "streams", pages: ["streams"] },
  { name: "recordings", pages: ["recordings", "timeline"] },
  { name: "videos", pages: ["videos"] },
  { name: "devicesEntry", pages: ["devices"] },
  { name: "viewersEntry", pages: ["viewers"] },
  { name: "webhooks", pages: ["webhooks"] },
  { name: "access", pages: ["users", "keys", "audit", "tenants"] },
  { name: "systemEntry", pages: ["jobs", "system", "domains"] },
] as const satisfies { name: string; pages: readonly Page[] }[];

export const addressOf = (page: Page) => `#${page}`;

/** What can be seen of one stream, each under the stream's own address. */
export const PARTS = [
  "push", "watermark", "ladder", "relay", "recording", "doctor", "viewers",
] as const;
export type Part = (typeof PARTS)[number];

export const streamAddress = (id: string, part?: Part) =>
  part ? `#streams/${id}/${part}` : `#streams/${id}`;

const STREAM = /^#streams\/([A-Za-z0-9][A-Za-z0-9_-]{0,63})(?:\/([a-z]+))?$/;

/** The one stream that is shown, and what of it; null: another page is. */
export function useStreamPlace(): { id: string; part: Part | null } | null {
  const found = STREAM.exec(useSyncExternalStore(listen, hashNow));
  if (!found?.[1]) return null;
  return { id: found[1], part: PARTS.find((part) => part === found[2]) ?? null };
}

const hashNow = () => location.hash;

/** Where streams are seen beside each other; at an instant (Unix ms), or at the newest. */
export function timelineAddress(streams: readonly string[], at_ms?: number): string {
  const at = at_ms === undefined ? "" : `/${Math.round(at_ms)}`;
  return `#timeline/${streams.join(",")}${at}`;
}

/** The streams and the instant that such an address names. */
export function readTimeline(hash: string): { streams: string[]; at_ms: number | null } {
  const [, streams = "", at = ""] = hash.split("/");
  return { streams: streams.split(",").filter(Boolean), at_ms: Number(at) || null };
}

export function usePage(): Page {
  return useSyncExternalStore(listen, pageNow);
}

function pageNow(): Page {
  const pages = Object.keys(NEEDS) as Page[];
  const [name] = location.hash.split("/");
  return pages.find((page) => addressOf(page) === name) ?? "streams";
}

function listen(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
