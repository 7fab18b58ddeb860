/** What a watch page's or an embed's address says: `/[~<token>/]{watch,embed}/<id>[/<session>]`. */

import { partsOf, personalPath, type Place } from "../playback/kind";
import type { Where } from "../chat/panel";
import type { Facts } from "./facts";

/** What has just begun has no picture in the store yet. */
const NEW_MS = 20_000;

export interface Shown {
  page: "watch" | "embed";
  id: string;
  session: string | undefined;
  personal: string | undefined;
}

export function shownAt(pathname: string): Shown | null {
  const { personal, parts } = partsOf(pathname);
  const [page, id, session, ...rest] = parts;
  if ((page !== "watch" && page !== "embed") || !id || rest.length > 0) return null;
  return { page, id, session: session || undefined, personal };
}

/** Where it is played, as soon as it is known what it is. */
export function placeIn({ personal }: Shown, facts: Facts): Place {
  const session = facts.state === "recorded" ? facts.recording?.session : undefined;
  return { stream: facts.stream, kind: "hls_cmaf", personal, session };
}

export function factsURL(shown: Shown, what: ".json" | "/events"): string {
  const query = shown.session ? `?session=${shown.session}` : "";
  return personalPath(`watch/${shown.id}${what}${query}`, shown.personal);
}

/** Where its chat is; null as the socket's: what is watched is over. */
export function chatAt({ id, session, personal }: Shown, facts: Facts): Where {
  const path = personalPath(`watch/${facts.stream}/chat`, personal);
  const isOver = session !== undefined || facts.state === "recorded" || id !== facts.stream;
  const socketURL = new URL(path, location.href);
  socketURL.protocol = socketURL.protocol.replace("http", "ws");
  const view = session ? `?view=${session}` : "";
  return {
    socketURL: isOver ? null : socketURL.href,
    minuteURL: (minute) => `${path}/${minute}.json${view}`,
    apiURL: `/api/v1/streams/${facts.stream}/chat`,
  };
}

/** Empty: there is none yet. */
export function posterURL(shown: Shown, facts: Facts): string {
  const isNew = facts.since !== null && Date.now() - Date.parse(facts.since) < NEW_MS;
  if (facts.recording === null && (facts.since === null || isNew)) return "";
  const where = facts.state === "recorded"
    ? `${facts.stream}/${facts.recording?.session ?? ""}/poster.jpg`
    : `watch/${shown.id}/poster.jpg`;
  return personalPath(where, shown.personal);
}

/** The page of a recording, of the same kind as this one. */
export function recordingURL(shown: Shown, facts: Facts, session: string): string {
  return personalPath(`${shown.page}/${facts.stream}/${session}`, shown.personal);
}

/** The address that is given to others. */
export function pageURL(shown: Shown, page: Shown["page"]): string {
  const at = shown.session ? `${shown.id}/${shown.session}` : shown.id;
  return new URL(personalPath(`${page}/${at}`, shown.personal), location.href).href;
}
