/** Which of the console's pages is shown; it stands behind the `#` of the address. */

import { useSyncExternalStore } from "react";

export type Page = "streams" | "videos";

export const PAGES: readonly Page[] = ["streams", "videos"];

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
