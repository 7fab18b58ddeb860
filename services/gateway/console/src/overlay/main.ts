/** `/overlay/<id>`: alerts over the picture, as a browser source of OBS. `?language=zh`: its words. */

import { whatOf } from "../chat/alert";
import { ChatSocket } from "../chat/socket";
import type { Alert, Message } from "../chat/words";
import { isLanguage, preferredLanguage, TAGS } from "../i18n/language";
import { VIEWER } from "../i18n/viewer";
import { partsOf, personalPath } from "../playback/kind";
import { element, icon } from "../player/element";
import "./overlay.css";

const SHOWN_MS = 6000;
const LEAVING_MS = 600;
/** More do not wait in line: of a flood the oldest are left out. */
const MAX_WAITING = 50;

const wanted = new URLSearchParams(location.search).get("language");
const language = isLanguage(wanted) ? wanted : preferredLanguage();
const t = VIEWER[language];
const tag = TAGS[language];
const root = document.querySelector<HTMLElement>("#overlay");
const { personal, parts } = partsOf(location.pathname);
const stream = parts[1];
if (!root || !stream) throw new Error("This is no address of an overlay.");
document.documentElement.lang = tag;

const url = new URL(personalPath(`watch/${stream}/chat`, personal), location.href);
url.protocol = url.protocol.replace("http", "ws");
let waiting: Message[] = [];
/** Alerts up to this number were told before this page was there. */
let before = 0;
let isShowing = false;
const ignore = () => undefined;
const ICONS: Record<Alert["kind"], string> = {
  tip: "M12 19.5S4.5 15 4.5 9.6A3.9 3.9 0 0 1 12 8a3.9 3.9 0 0 1 7.5 1.6C19.5 15 12 19.5 12 19.5z",
  subscription:
    "M12 4.2l2.3 4.9 5.3.7-3.9 3.7 1 5.3-4.7-2.6-4.7 2.6 1-5.3-3.9-3.7 5.3-.7z",
  custom: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4",
};

new ChatSocket(url.href, () => ({}), {
  onWelcome(welcome) {
    if (welcome.is_anew) before = welcome.through;
  },
  onMessage(message) {
    if (!message.alert || message.id <= before) return;
    waiting = [...waiting, message].slice(-MAX_WAITING);
    if (!isShowing) void showAll(root);
  },
  onRemoved(isRemoved) {
    waiting = waiting.filter((message) => !isRemoved(message));
  },
  onSettings: ignore,
  onSaid: ignore,
  onRefused: ignore,
  onLost: ignore,
});

async function showAll(place: HTMLElement): Promise<void> {
  isShowing = true;
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const card = cardOf(next);
    place.append(card);
    await pause(SHOWN_MS);
    card.classList.add("leaving");
    await pause(LEAVING_MS);
    card.remove();
  }
  isShowing = false;
}

function cardOf({ author, text, alert }: Message): HTMLElement {
  const what = alert ? whatOf(alert, t, tag) : "";
  const head = element("p", { className: "overlay-head" }, [
    element("span", { className: "overlay-name", textContent: author.name, dir: "auto" }),
    " ",
    element("span", { className: "overlay-what", textContent: what }),
  ]);
  const words = element("p", { className: "overlay-text", textContent: text, dir: "auto" });
  words.hidden = text === "";
  const kind = alert?.kind ?? "custom";
  const badge = element("span", { className: "overlay-badge" }, [icon(ICONS[kind])]);
  const card = element("section", { className: "overlay-card" }, [
    badge,
    element("div", { className: "overlay-words" }, [head, words]),
  ]);
  card.dataset.kind = kind;
  return card;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, ms));
}
