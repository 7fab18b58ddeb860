/** A tenant as a form has it: what is wrong with it, what is sent. */

import { QUOTAS, type QuotaName, type Quotas } from "../../api/tenants";

/** Bytes as gigabytes; empty: no limit. */
export type QuotaDraft = Record<QuotaName, string>;

const GIGABYTE = 1e9;
const WHOLE = /^\d{1,15}$/;
const DECIMAL = /^\d{1,9}(?:[.,]\d{1,9})?$/;
/** As `/api/v1/tenants` takes them; Weir checks again. */
const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

export const isOfBytes = (name: QuotaName) => name.endsWith("_bytes");

export function idFault(id: string): "required" | "badId" | null {
  if (!id) return "required";
  return ID.test(id) ? null : "badId";
}

export function quotaDraft(quotas: Quotas): QuotaDraft {
  return Object.fromEntries(QUOTAS.map((name) => [name, textOf(name, quotas[name])])) as QuotaDraft;
}

export function quotaFaults(draft: QuotaDraft): ReadonlySet<QuotaName> {
  const isWrong = (name: QuotaName) => {
    const text = draft[name].trim();
    return text !== "" && !(isOfBytes(name) ? DECIMAL : WHOLE).test(text);
  };
  return new Set(QUOTAS.filter(isWrong));
}

/** Every quota is said: what is empty takes its limit away. */
export function quotasOf(draft: QuotaDraft): Quotas {
  return Object.fromEntries(QUOTAS.map((name) => [name, limitOf(name, draft[name].trim())]));
}

function textOf(name: QuotaName, limit: number | null | undefined): string {
  if (limit == null) return "";
  // Not `String`: a few bytes were said as 1e-7 gigabytes, which nobody types.
  return isOfBytes(name) ? (limit / GIGABYTE).toFixed(9).replace(/\.?0+$/, "") : String(limit);
}

function limitOf(name: QuotaName, text: string): number | null {
  if (text === "") return null;
  const value = Number(text.replace(",", "."));
  return isOfBytes(name) ? Math.round(value * GIGABYTE) : value;
}
