/** One message as it is shown, and what a moderator may do about it. */

import type { Messages } from "../i18n/viewer-en";
import { element, icon } from "../player/element";
import { whatOf } from "./alert";
import type { Message } from "./words";

const BIN = "M5 7h14M10 4h4M7 7l.8 12a1 1 0 0 0 1 1h6.4a1 1 0 0 0 1-1L17 7M10.3 11v5M13.7 11v5";
const BAR = "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM6 6l12 12";
const HUES = 12;

export interface Moderation {
  remove(message: Message): void;
  ban(message: Message): void;
}

/** `moderation`: null for those who only read. */
export function lineOf(message: Message, moderation: Moderation | null, t: Messages, tag: string): HTMLElement {
  const { author, text, at, alert } = message;
  const name = element("span", { className: "chat-name", textContent: author.name, dir: "auto" });
  name.dataset.hue = `${hueOf(author.id)}`;
  name.title = new Date(at).toLocaleTimeString(tag);
  // Blanks between them are for those who hear the line, or copy it.
  const line = element("div", { className: "chat-line" }, [name, " "]);
  if (alert) {
    line.classList.add("chat-alert");
    line.dataset.kind = alert.kind;
    line.append(element("span", { className: "chat-what", textContent: whatOf(alert, t, tag) }), " ");
  }
  if (author.kind === "moderator") {
    line.append(element("span", { className: "chat-mark", textContent: t.chatModerator }), " ");
  }
  line.append(element("span", { className: "chat-text", textContent: text, dir: "auto", hidden: text === "" }));
  if (moderation && author.kind !== "moderator") line.append(...actsOf(message, moderation, t));
  return line;
}

function actsOf(message: Message, moderation: Moderation, t: Messages): HTMLElement[] {
  const remove = act(BIN, t.chatRemove, () => moderation.remove(message));
  // Who an alert is about says nothing else: there is nothing to ban.
  if (message.alert) return [element("span", { className: "chat-acts" }, [remove])];
  const sure = askOf(message, moderation, t);
  const ban = act(BAR, t.chatBan, () => {
    sure.hidden = false;
    sure.scrollIntoView({ block: "nearest" });
    sure.querySelector("button")?.focus();
  });
  sure.addEventListener("reset", () => {
    sure.hidden = true;
    ban.focus();
  });
  return [element("span", { className: "chat-acts" }, [remove, ban]), sure];
}

/** Asks before it takes away all that somebody said. */
function askOf(message: Message, moderation: Moderation, t: Messages): HTMLFormElement {
  const sure = element("form", { className: "chat-sure", hidden: true }, [
    element("p", { textContent: t.chatBanSure(message.author.name) }),
    element("button", { type: "submit", className: "chat-do", textContent: t.chatBan }),
    element("button", { type: "reset", className: "chat-undo", textContent: t.chatCancel }),
  ]);
  sure.addEventListener("submit", (event) => {
    event.preventDefault();
    moderation.ban(message);
  });
  return sure;
}

function act(path: string, label: string, onclick: () => void): HTMLButtonElement {
  const button = element("button", { className: "chat-act", type: "button", title: label, onclick }, [icon(path)]);
  button.setAttribute("aria-label", label);
  return button;
}

/** The same author has the same colour, everywhere. */
function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % HUES;
}
