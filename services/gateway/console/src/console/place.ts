/** Which of the console's pages is shown; it stands behind the `#` of the address. */

import { useSyncExternalStore } from "react";

import type { Account } from "../api/account";

export type Page = "streams" | "videos" | "webhooks";

export const PAGES: readonly Page[] = ["streams", "videos", "webhooks"];

/** What opens a page, where not everybody may. */
const NEEDED: Partial<Record<Page, Account["permissions"][number]>> = {
  webhooks: "webhooks:read",
};

export function mayOpen(page: Page, { permissions }: Account): boolean {
  const needed = NEEDED[page];
  return needed === undefined || permissions.includes(needed);
}

export const addressOf = (page: Page) => `#${page}`;

export function usePage(): Page {
  return useSyncExternalStore(listen, pageNow);
}

function pageNow(): Page {
  return PAGES.find((page) => addressOf(page) === location.hash) ?? "streams";
}

function listen(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
