/** Calls to Weir's API from the same origin, with the console session's cookie. */

/** What the API says when it refuses: RFC 9457, plus a stable `code`. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
}

export class RequestFailed extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/** Nothing answered: the network is away, or Weir is not running. Its status is 0. */
const UNREACHABLE: Problem = { status: 0, code: "unreachable", detail: "" };

export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<T> {
  const response = await send(method, path, body, headers);
  const text = await response.text();
  if (!response.ok) throw new RequestFailed(problemOf(response, text));
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Send a file as the body. */
export async function requestWith<T>(
  method: string,
  path: string,
  file: Blob,
  type: string,
): Promise<T> {
  const response = await send(method, path, file, { "content-type": type });
  const text = await response.text();
  if (!response.ok) throw new RequestFailed(problemOf(response, text));
  return JSON.parse(text) as T;
}

/** What is no JSON: a picture, say. */
export async function requestBlob(method: string, path: string, body?: unknown): Promise<Blob> {
  const response = await send(method, path, body);
  if (!response.ok) throw new RequestFailed(problemOf(response, await response.text()));
  return response.blob();
}

/** POST headers alone; where what was made of them is found. */
export async function requestLocation(
  path: string,
  headers: Record<string, string>,
): Promise<string> {
  const response = await send("POST", path, undefined, headers);
  if (!response.ok) throw new RequestFailed(problemOf(response, await response.text()));
  return response.headers.get("location") ?? "";
}

/** An answer's JSON whatever its status: for what says with a 503 how it is. */
export async function requestState<T>(path: string): Promise<T> {
  const response = await send("GET", path);
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json")) throw new RequestFailed(problemOf(response, text));
  return JSON.parse(text) as T;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init: RequestInit = { method, headers: { accept: "application/json", ...headers } };
  if (body instanceof Blob) {
    init.body = body;
  } else if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch {
    throw new RequestFailed(UNREACHABLE);
  }
}

function problemOf({ status, statusText }: Response, text: string): Problem {
  return readProblem(status, statusText, text);
}

/** What an answer's body says of a refusal; of a body that says nothing, its status. */
export function readProblem(status: number, detail: string, text: string): Problem {
  const fallback = { status, code: "", detail };
  try {
    return { ...fallback, ...(JSON.parse(text) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}
