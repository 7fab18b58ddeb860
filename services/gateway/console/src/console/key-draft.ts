/** An API key that is being made: what was chosen, what is wrong with it, what is sent. */

import type { Permission } from "../api/access";
import type { NewApiKey } from "../api/schema";

export interface KeyDraft {
  name: string;
  permissions: readonly Permission[];
  prefix: string;
  /** Days until it expires; 0: until it is revoked. */
  days: number;
}

export const EMPTY_KEY: KeyDraft = { name: "", permissions: [], prefix: "", days: 90 };
export const TERMS = [30, 90, 365, 0] as const;

export type KeyFault = "required" | "badPermissions" | "badPrefix";

const DAY_MS = 86_400_000;
/** How ids of streams may begin; Weir checks again. */
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function checkKey(draft: KeyDraft): Partial<Record<keyof KeyDraft, KeyFault>> {
  const faults: Partial<Record<keyof KeyDraft, KeyFault>> = {};
  if (!draft.name.trim()) faults.name = "required";
  if (draft.permissions.length === 0) faults.permissions = "badPermissions";
  if (draft.prefix && !PREFIX.test(draft.prefix)) faults.prefix = "badPrefix";
  return faults;
}

export function keyOf(draft: KeyDraft, now = Date.now()): NewApiKey {
  return {
    name: draft.name.trim(),
    permissions: [...draft.permissions],
    stream_prefix: draft.prefix,
    expires_at: draft.days ? new Date(now + draft.days * DAY_MS).toISOString() : null,
  };
}
