/** Who may call Weir: users, and keys of programs. */

import { request } from "./http";
import type {
  ApiKeyView,
  ApiKeyViews,
  MadeApiKey,
  MadeUser,
  NewApiKey,
  NewUser,
  Permission,
  Role,
  UserChange,
  UserView,
  UserViews,
} from "./schema";

export type { Permission, Role } from "./schema";
export type User = UserView;
export type APIKey = ApiKeyView;

export const ROLES: readonly Role[] = ["viewer", "operator", "owner"];

const pageOf = (path: string, after: string | null) =>
  after === null ? path : `${path}?after=${encodeURIComponent(after)}`;

/** A page of users, by name; `after`: where the page before ended. */
export function listUsers(after: string | null): Promise<UserViews> {
  return request("GET", pageOf("/api/v1/users", after));
}

export function createUser(user: NewUser): Promise<MadeUser> {
  return request("POST", "/api/v1/users", user);
}

export function changeUser(id: string, change: Partial<UserChange>): Promise<User> {
  return request("PATCH", `/api/v1/users/${id}`, change);
}

export function deleteUser(id: string): Promise<void> {
  return request("DELETE", `/api/v1/users/${id}`);
}

export function signUserOut(id: string): Promise<void> {
  return request("DELETE", `/api/v1/users/${id}/sessions`);
}

/** A page of keys, newest first. */
export function listKeys(after: string | null): Promise<ApiKeyViews> {
  return request("GET", pageOf("/api/v1/api-keys", after));
}

export function createKey(key: NewApiKey): Promise<MadeApiKey> {
  return request("POST", "/api/v1/api-keys", key);
}

export function revokeKey(id: string): Promise<void> {
  return request("DELETE", `/api/v1/api-keys/${id}`);
}

const PASSWORD_BYTES = 15;

/** A password that nobody guesses, of letters, digits, - and _. */
export function makePassword(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

type NounOf<P> = P extends `${infer Noun}:${string}` ? Noun : never;
type VerbOf<P> = P extends `${string}:${infer Verb}` ? Verb : never;
export type Noun = NounOf<Permission>;
export type Verb = VerbOf<Permission>;

/** Permissions by what they are about, in their own order. */
export function byNoun(permissions: readonly Permission[]): Map<Noun, Permission[]> {
  const found = new Map<Noun, Permission[]>();
  for (const each of permissions) {
    const noun = each.split(":")[0] as Noun;
    found.set(noun, [...(found.get(noun) ?? []), each]);
  }
  return found;
}

export const verbOf = (permission: Permission) => permission.split(":")[1] as Verb;
