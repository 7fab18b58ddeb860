/** Which of the console's pages is shown; it stands behind the `#` of the address. */

import { useSyncExternalStore } from "react";

import type { Permission } from "../api/access";

export type Page = "streams" | "videos" | "webhooks" | "users" | "keys" | "audit" | "account";

/** Without which permission there is nothing to see; null: a page for all who are signed in. */
export const NEEDS = {
  streams: "streams:read",
  videos: "assets:read",
  webhooks: "webhooks:read",
  users: "users:read",
  keys: "api_keys:read",
  audit: "audit:read",
  account: null,
} as const satisfies Record<Page, Permission | null>;

/** What stands in the bar, and the pages behind each word. */
export const ENTRIES = [
  { name: "streams", pages: ["streams"] },
  { name: "videos", pages: ["videos"] },
  { name: "webhooks", pages: ["webhooks"] },
  { name: "access", pages: ["users", "keys", "audit"] },
] as const satisfies { name: string; pages: readonly Page[] }[];

export const addressOf = (page: Page) => `#${page}`;

export function usePage(): Page {
  return useSyncExternalStore(listen, pageNow);
}

function pageNow(): Page {
  const pages = Object.keys(NEEDS) as Page[];
  return pages.find((page) => addressOf(page) === location.hash) ?? "streams";
}

function listen(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
