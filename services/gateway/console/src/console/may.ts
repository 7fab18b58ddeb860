/** What the person who is signed in may do; what would be refused is not shown. */

import { createContext, use } from "react";

import type { Permission } from "../api/access";

export const MayContext = createContext<ReadonlySet<Permission>>(new Set());

export function useMay(): (permission: Permission) => boolean {
  const held = use(MayContext);
  return (permission) => held.has(permission);
}
