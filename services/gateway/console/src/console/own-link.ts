/** Links with a viewer token in them. */

import { useQuery } from "@tanstack/react-query";

import type { ViewPolicy } from "../api/streams";
import { signOwnLink } from "../api/viewers";

/** The own link works for an hour; half of that it is taken for good. */
const FRESH_MS = 1_800_000;

/** The same address with a viewer's token in front of its path. */
export function personal(url: string, token: string): string {
  const made = new URL(url);
  made.pathname = `/~${token}${made.pathname}`;
  return made.href;
}

/** The path without the viewer's token, which changes: it names what is there. */
export const unsigned = (path: string) => path.replace(/^\/~[^/]+/, "");

/** The console's own token for a stream or asset that needs one; `isReady`: it may be played. */
export function useOwnToken(stream: string, policy: ViewPolicy, isWanted = true) {
  const isSigned = policy === "signed";
  const link = useQuery({
    queryKey: ["own-link", stream],
    queryFn: () => signOwnLink(stream),
    enabled: isSigned && isWanted,
    staleTime: FRESH_MS,
  });
  const token = isSigned ? link.data?.token : undefined;
  return { token, isReady: !isSigned || token !== undefined, error: link.error };
}
