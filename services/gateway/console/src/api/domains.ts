/** Under which domains streams are pushed to and watched. */

import { request } from "./http";
import type { DomainChange, DomainView, DomainViews, NewDomain } from "./schema";

export type Domain = DomainView;
export type DomainKind = Domain["kind"];
export type Domains = DomainViews;

const DOMAINS = "/api/v1/domains";
const pathOf = (id: string) => `${DOMAINS}/${encodeURIComponent(id)}`;

export function listDomains(): Promise<Domains> {
  return request("GET", DOMAINS);
}

export function addDomain(domain: NewDomain): Promise<Domain> {
  return request("POST", DOMAINS, domain);
}

export function changeDomain(id: string, change: DomainChange): Promise<Domain> {
  return request("PATCH", pathOf(id), change);
}

export function deleteDomain(id: string): Promise<void> {
  return request("DELETE", pathOf(id));
}
