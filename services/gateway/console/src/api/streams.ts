import { request } from "./http";
import type { StreamView, StreamViews } from "./schema";

export type Stream = StreamView;
export type StreamHealth = Stream["health"];
export type ViewPolicy = Stream["view_policy"];
export type Template = "ld" | "sd" | "hd" | "ud";

export interface NewStream {
  id?: string;
  item: { videoname?: string; description?: string; outdate?: string };
}

/** Every stream, page by page. */
export async function listStreams(): Promise<Stream[]> {
  const streams: Stream[] = [];
  let query = "";
  for (;;) {
    const page = await request<StreamViews>("GET", `/api/v1/streams${query}`);
    streams.push(...page.streams);
    if (page.next_after === null) return streams;
    query = `?after=${encodeURIComponent(page.next_after)}`;
  }
}

export function getStream(id: string): Promise<Stream> {
  return request("GET", `/api/v1/streams/${encodeURIComponent(id)}`);
}

/** Set fields of its item; what is left out stays. */
export function changeItem(id: string, item: Record<string, unknown>): Promise<Stream> {
  return request("PATCH", `/api/v1/streams/${encodeURIComponent(id)}`, { item });
}

export function createStream(stream: NewStream): Promise<Stream> {
  return request("POST", "/api/v1/streams", stream);
}

/** What its watch page says. */
export function setTitle(
  id: string,
  texts: { title: string; description: string },
): Promise<Stream> {
  return request("PATCH", `/api/v1/streams/${encodeURIComponent(id)}`, texts);
}

export function deleteStream(id: string): Promise<void> {
  return request("DELETE", `/api/v1/streams/${encodeURIComponent(id)}`);
}

/** What people call the stream; its id where nobody has named it. */
export function nameOf(stream: Stream): string {
  return textOf(stream.item.videoname) || textOf(stream.item.name) || stream.id;
}

/** OBS's field "Server" for a push over TLS. */
export function secureServerOf(stream: Stream): string | null {
  return stream.push.secure_url?.slice(0, -(stream.push.stream_key.length + 1)) ?? null;
}

export function descriptionOf(stream: Stream): string {
  return textOf(stream.item.description);
}

/** An item's fields are the caller's own and may hold any JSON value. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
