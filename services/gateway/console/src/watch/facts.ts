/** What a watch page is told of what it plays, at first and as it changes. */

export type FactsState = "live" | "starting" | "waiting" | "offline" | "recorded";

export interface Facts {
  id: string;
  stream: string;
  title: string;
  description: string;
  state: FactsState;
  session: string | null;
  since: string | null;
  viewers: number;
  /** Its chat is open; of a recording: something was said. */
  has_chat: boolean;
  recording: { session: string; started_at: string; duration_s: number } | null;
}

/** Those that came with the page. */
export function factsOfPage(): Facts | null {
  const data = document.querySelector("#facts")?.textContent;
  return data ? (JSON.parse(data) as Facts) : null;
}

export type Asked = Facts | "forbidden" | "unknown" | "unreachable";

export async function askFacts(url: string): Promise<Asked> {
  const response = await fetch(url, { cache: "no-store" }).catch(() => null);
  if (response?.ok) return (await response.json()) as Facts;
  if (response?.status === 404) return "unknown";
  return response?.status === 401 || response?.status === 403 ? "forbidden" : "unreachable";
}

/** So often what ended is taken up again, and asked for meanwhile. */
const AGAIN_MS = 15_000;

/** What an operator said to viewers along with a picture. */
export interface Metadata {
  id: string;
  /** Of the picture. */
  at: string;
  text: string;
}

/**
 * Follow them while the page is looked at: a browser has few connections to a server, and a page
 * in the background needs none. The returned function ends it.
 */
export function followFacts(
  eventsURL: string,
  askURL: string,
  tell: (facts: Facts) => void,
  say: (metadata: Metadata) => void,
): () => void {
  let source: EventSource | null = null;
  const follow = () => {
    if (document.hidden) {
      source?.close();
      source = null;
      return;
    }
    if (source !== null && source.readyState !== EventSource.CLOSED) return;
    const isRefused = source !== null;
    source = new EventSource(eventsURL);
    source.addEventListener("message", ({ data }) => tell(JSON.parse(data as string) as Facts));
    source.addEventListener("metadata", ({ data }: MessageEvent<string>) =>
      say(JSON.parse(data) as Metadata),
    );
    if (isRefused) void ask();
  };
  const ask = async () => {
    const answer = await askFacts(askURL);
    if (typeof answer === "object") tell(answer);
  };
  follow();
  const timer = window.setInterval(follow, AGAIN_MS);
  document.addEventListener("visibilitychange", follow);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", follow);
    source?.close();
  };
}
