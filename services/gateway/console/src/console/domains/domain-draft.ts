/** A domain that is being added or changed: what was typed, what is wrong with it, what is sent. */

import type { Domain, DomainKind } from "../../api/domains";
import type { NewDomain } from "../../api/schema";

export interface DomainDraft {
  kind: DomainKind;
  url: string;
  isDefault: boolean;
}

export type DomainFault = "required" | "badPush" | "badPull";

const HOST = String.raw`([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|\[[0-9a-f:.]+\])(:\d{1,5})?`;
/** Weir checks again. */
const ADDRESS: Record<DomainKind, RegExp> = {
  push: new RegExp(`^rtmps?://${HOST}/?$`),
  pull: new RegExp(`^https?://${HOST}/?$`),
};
/** What is put before a host that was typed alone. */
const SCHEMES: Record<DomainKind, string> = { push: "rtmp", pull: "https" };

export function draftOf(domain: Domain | null, isFirst: boolean): DomainDraft {
  return domain
    ? { kind: domain.kind, url: domain.url, isDefault: domain.is_default }
    : { kind: "pull", url: "", isDefault: isFirst };
}

export function addressOf({ kind, url }: DomainDraft): string {
  const typed = url.trim().toLowerCase();
  return typed && !typed.includes("://") ? `${SCHEMES[kind]}://${typed}` : typed;
}

export function checkDomain(draft: DomainDraft): DomainFault | null {
  const address = addressOf(draft);
  if (!address) return "required";
  if (ADDRESS[draft.kind].test(address)) return null;
  return draft.kind === "push" ? "badPush" : "badPull";
}

export function domainOf(draft: DomainDraft): NewDomain {
  return { kind: draft.kind, url: addressOf(draft), is_default: draft.isDefault };
}
