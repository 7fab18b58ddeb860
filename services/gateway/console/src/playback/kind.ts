/** The kinds of live playback, and where each is found under a stream. */

export type Kind = "flv" | "hls" | "hls_cmaf" | "dash";

interface KindFacts {
  /** The page under the stream that plays it. */
  page: string;
  media: string;
  label: string;
}

export const KINDS: Record<Kind, KindFacts> = {
  flv: { page: "flv.html", media: "live.flv", label: "FLV" },
  hls: { page: "index.html", media: "live.m3u8", label: "HLS" },
  hls_cmaf: { page: "hls.html", media: "master.m3u8", label: "HLS" },
  dash: { page: "dash.html", media: "manifest.mpd", label: "DASH" },
};

/** What the console offers; `hls` and `hls_cmaf` are one playlist under two names. */
export const OFFERED: readonly Kind[] = ["flv", "hls_cmaf", "dash"];

export interface Place {
  stream: string;
  kind: Kind;
  /** What stands in front of the path, after its `~`: the viewer's token. */
  personal?: string | undefined;
  /** FLV over a WebSocket in place of plain HTTP. */
  isWebSocket?: boolean;
  /** A session of the stream that is over, to be played in place of what is on air. */
  session?: string | undefined;
}

/**
 * Stream and kind of a page's own address, `/<stream>/<page>` or `/~<token>/<stream>/<page>`; null
 * if it is none. With `?transport=websocket` FLV comes over a WebSocket.
 */
export function placeOf(pathname: string, search = ""): Place | null {
  const { personal, parts } = partsOf(pathname);
  const [stream, page, ...rest] = parts;
  if (!stream || !page || rest.length > 0) return null;
  for (const [kind, facts] of Object.entries(KINDS) as [Kind, KindFacts][]) {
    if (facts.page !== page) continue;
    const isWebSocket = new URLSearchParams(search).get("transport") === "websocket";
    return { stream, kind, personal, isWebSocket: isWebSocket && kind === "flv" };
  }
  return null;
}

/** What a page's address begins with, if it is personal, and its other parts. */
export function partsOf(pathname: string): { personal: string | undefined; parts: string[] } {
  const [, first = "", ...others] = pathname.split("/");
  return first.startsWith("~")
    ? { personal: first.slice(1), parts: others }
    : { personal: undefined, parts: [first, ...others] };
}

/** A path under the root, for whoever it is. */
export function personalPath(path: string, personal: string | undefined): string {
  return `${personal ? `/~${personal}` : ""}/${path}`;
}

export function mediaPath({ stream, kind, personal, session }: Place): string {
  const media = session ? `${session}/index.m3u8` : KINDS[kind].media;
  return personalPath(`${stream}/${media}`, personal);
}

/** What was on air from an instant (Unix ms) on, and goes on with what is. */
export function rewoundPath({ stream, personal }: Place, from_ms: number): string {
  return personalPath(`${stream}/${from_ms}-/index.m3u8`, personal);
}

/** Where the engine reads what is at `path`. */
export function mediaURL(path: string, { isWebSocket }: Place): string {
  const url = new URL(path, location.href);
  if (isWebSocket) url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
