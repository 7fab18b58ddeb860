/** Tenants: who shares the installation, how much each may take, and what it takes. */

import { request } from "./http";
import type {
  MadeTenant,
  NewTenant,
  Quotas,
  TenantChange,
  TenantUse,
  TenantView,
  TenantViews,
  Use,
} from "./schema";

export type { Quotas };
export type Tenant = TenantView;
export type QuotaName = keyof Quotas & keyof Use;

/** In the order in which they are shown. */
export const QUOTAS: readonly QuotaName[] = [
  "streams", "publishers", "viewers", "storage_bytes", "upload_bytes", "job_minutes", "users", "api_keys",
];

/** The installation's own. */
export const OWN_TENANT = "default";
const PAGE = 20;

/** A page of tenants, by id; `after`: where the page before ended. */
export function listTenants(after: string | null): Promise<TenantViews> {
  const from = after === null ? "" : `&after=${encodeURIComponent(after)}`;
  return request("GET", `/api/v1/tenants?limit=${PAGE}${from}`);
}

export function createTenant(tenant: NewTenant): Promise<MadeTenant> {
  return request("POST", "/api/v1/tenants", tenant);
}

export function changeTenant(id: string, change: TenantChange): Promise<Tenant> {
  return request("PATCH", `/api/v1/tenants/${id}`, change);
}

export function readUse(id: string): Promise<TenantUse> {
  return request("GET", `/api/v1/tenants/${id}/usage`);
}

export const nameOfTenant = ({ id, title }: Tenant) => title || id;
