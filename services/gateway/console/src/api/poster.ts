/** The picture that stands for something recorded. */

import { RequestFailed } from "./http";

/** `making`: ask again; `none`: nothing in it could stand for it. */
export type PosterState = "there" | "making" | "none";

const STATES: Record<number, PosterState> = { 200: "there", 404: "none", 409: "making" };

export async function askPoster(path: string): Promise<PosterState> {
  const { status, statusText } = await fetch(path, { method: "HEAD" });
  const state = STATES[status];
  if (!state) throw new RequestFailed({ status, code: "", detail: statusText });
  return state;
}
