// The public API as the console uses it; the session cookie signs every call.

export interface Stream {
  id: string;
  push: { url: string; server: string; stream_key: string };
  playback: { pages: Record<string, string> };
  is_live: boolean;
  health: "offline" | "waiting" | "starting" | "live";
  item: Record<string, unknown>;
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  const decoded: unknown = text === "" ? null : JSON.parse(text);
  if (!answer.ok) {
    const detail = (decoded as { detail?: string } | null)?.detail ?? answer.statusText;
    throw new Refused(answer.status, detail);
  }
  return decoded as T;
}

export const api = {
  login: (user: string, password: string) => call<unknown>("POST", "/login", { user, password }),
  logout: () => call<unknown>("POST", "/logout", {}),
  streams: () => call<{ streams: Stream[] }>("GET", "/streams"),
  create: (name: string) => call<Stream>("POST", "/streams", { item: { name } }),
  remove: (id: string) => call<unknown>("DELETE", `/streams/${id}`, {}),
  health: () => call<{ status: string; reasons: string[] }>("GET", "/health"),
};
