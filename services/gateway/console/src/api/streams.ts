import { request } from "./http";

export type StreamHealth = "offline" | "waiting" | "starting" | "live";

export type ViewPolicy = "public" | "signed";

/** Players that watch now, on all gateways. */
export interface ViewerCounts {
  total: number;
  flv: number;
  hls: number;
  dash: number;
  rtmp: number;
}

export type Template = "ld" | "sd" | "hd" | "ud";

/** What a stream is transcoded to, smallest first. */
export interface Ladder {
  rungs: { name: string; width: number; height: number; template: Template | null }[];
}

/** A stream as `/api/v1/streams` shows it, as far as the console reads it. */
export interface Stream {
  id: string;
  created_at: string;
  expires_at: string;
  push: {
    url: string;
    server: string;
    stream_key: string;
    /** The same over TLS; null: this Weir has no certificate. */
    secure_url: string | null;
  };
  playback: { flv: string; hls: string; hls_cmaf: string; dash: string; rtmp: string };
  is_live: boolean;
  live_since: string | null;
  health: StreamHealth;
  view_policy: ViewPolicy;
  viewers: ViewerCounts;
  /** The rungs that are made of it; null: none. */
  ladder: Ladder | null;
  item: { videoname?: unknown; name?: unknown; description?: unknown } & Record<string, unknown>;
}

interface StreamPage {
  streams: Stream[];
  next_after: string | null;
}

export interface NewStream {
  id?: string;
  item: { videoname?: string; description?: string; outdate?: string };
}

/** Every stream, page by page. */
export async function listStreams(): Promise<Stream[]> {
  const streams: Stream[] = [];
  let query = "";
  for (;;) {
    const page = await request<StreamPage>("GET", `/api/v1/streams${query}`);
    streams.push(...page.streams);
    if (page.next_after === null) return streams;
    query = `?after=${encodeURIComponent(page.next_after)}`;
  }
}

export function createStream(stream: NewStream): Promise<Stream> {
  return request("POST", "/api/v1/streams", stream);
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
