import { request, RequestFailed } from "./http";
import type { SignedIn } from "./schema";

export type Account = SignedIn;

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
