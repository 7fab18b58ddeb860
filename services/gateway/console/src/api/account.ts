import { request, RequestFailed } from "./http";
import type { ConsoleSessionView, ConsoleSessionViews, SignedIn } from "./schema";

export type Account = SignedIn;
export type ConsoleSession = ConsoleSessionView;

/** Who is signed in; null: nobody. */
export async function whoAmI(): Promise<Account | null> {
  try {
    return await request<Account>("GET", "/api/v1/login");
  } catch (error) {
    if (error instanceof RequestFailed && error.problem.status === 401) return null;
    throw error;
  }
}

export function signIn(user: string, password: string): Promise<Account> {
  return request("POST", "/api/v1/login", { user, password });
}

export function signOut(): Promise<void> {
  return request("POST", "/api/v1/logout");
}

/** It ends all other sessions of the account. */
export function changePassword(old: string, fresh: string): Promise<void> {
  return request("PUT", "/api/v1/account/password", { old, new: fresh });
}

/** Where the account is signed in, the last used first. */
export async function listSessions(): Promise<ConsoleSession[]> {
  return (await request<ConsoleSessionViews>("GET", "/api/v1/account/sessions")).sessions;
}

export function endSession(id: string): Promise<void> {
  return request("DELETE", `/api/v1/account/sessions/${id}`);
}

export function endOtherSessions(): Promise<void> {
  return request("DELETE", "/api/v1/account/sessions");
}
