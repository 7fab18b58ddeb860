import { request } from "./http";
import type { Stream, Template } from "./streams";

/** Rungs that a stream may be given by name, smallest first. */
export const TEMPLATES: Template[] = ["ld", "sd", "hd", "ud"];

export const HEIGHTS: Record<Template, string> = {
  ld: "360p",
  sd: "480p",
  hd: "720p",
  ud: "1080p",
};

/** A ladder of templates, or of none. Rungs of the user's own are not the console's to keep. */
export function setLadder(stream: string, templates: Template[]): Promise<Stream> {
  const item = { ladder: { rungs: templates } };
  return request("PATCH", `/api/v1/streams/${encodeURIComponent(stream)}`, { item });
}
