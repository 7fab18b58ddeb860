/** The messages of a chat, newest below; stays at the end unless somebody reads further up. */

import { element } from "../player/element";
import type { Messages } from "../i18n/viewer-en";
import { whatOf } from "./alert";
import type { Message } from "./words";

const SHOWN = 300;
/** So near the end is at the end. */
const NEAR_PX = 48;
const HUES = 12;

export interface Moderation {
  remove(message: Message): void;
  ban(message: Message): void;
}

export class MessageList {
  readonly element: HTMLElement;
  private readonly list = element("div", { className: "chat-list", tabIndex: 0 });
  private readonly newer = element("button", { className: "chat-newer", type: "button", hidden: true });
  private readonly lines = new Map<number, { message: Message; line: HTMLElement }>();
  private moderation: Moderation | null = null;
  private isAtEnd = true;

  constructor(
    private readonly t: Messages,
    private readonly tag: string,
  ) {
    this.list.setAttribute("role", "log");
    this.list.setAttribute("aria-label", t.chatMessages);
    this.newer.textContent = t.chatNewer;
    this.newer.addEventListener("click", () => this.toEnd());
    this.list.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.list;
      this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      if (this.isAtEnd) this.newer.hidden = true;
    });
    this.element = element("div", { className: "chat-messages" }, [this.list, this.newer]);
  }

  /** Who may moderate has a menu at each message. */
  allow(moderation: Moderation | null): void {
    if ((moderation === null) === (this.moderation === null)) return;
    this.moderation = moderation;
    this.show([...this.lines.values()].map(({ message }) => message));
  }

  /** These and no others. */
  show(messages: Message[]): void {
    const wanted = new Set(messages.map(({ id }) => id));
    this.removeWhere(({ id }) => !wanted.has(id));
    if ([...this.lines.keys()].some((id, index) => messages[index]?.id !== id)) this.clear();
    for (const message of messages) this.add(message);
  }

  add(message: Message): void {
    if (this.lines.has(message.id)) return;
    const line = this.lineOf(message);
    this.lines.set(message.id, { message, line });
    this.list.append(line);
    if (this.lines.size > SHOWN) {
      const [oldest] = this.lines.keys();
      this.removeWhere(({ id }) => id === oldest);
    }
    if (this.isAtEnd) this.toEnd();
    else this.newer.hidden = false;
  }

  removeWhere(isGone: (message: Message) => boolean): void {
    for (const [id, { message, line }] of this.lines) {
      if (!isGone(message)) continue;
      line.remove();
      this.lines.delete(id);
    }
  }

  clear(): void {
    this.removeWhere(() => true);
  }

  private toEnd(): void {
    this.list.scrollTop = this.list.scrollHeight;
    this.newer.hidden = true;
  }

  private lineOf(message: Message): HTMLElement {
    const { author, text, at, alert } = message;
    const name = element("span", { className: "chat-name", textContent: author.name, dir: "auto" });
    name.dataset.hue = `${hueOf(author.id)}`;
    name.title = new Date(at).toLocaleTimeString(this.tag);
    const words = element("span", { className: "chat-text", textContent: text, dir: "auto" });
    const line = element("div", { className: "chat-line" }, [name]);
    if (alert) {
      line.classList.add("chat-alert");
      const what = whatOf(alert, this.t, this.tag);
      line.append(element("span", { className: "chat-what", textContent: what }));
    }
    if (author.kind === "moderator") {
      line.append(element("span", { className: "chat-mark", textContent: this.t.chatModerator }));
    }
    line.append(words);
    if (this.moderation && author.kind !== "moderator") line.append(this.menuOf(message));
    return line;
  }

  private menuOf(message: Message): HTMLElement {
    const button = (label: string, onclick: () => void) =>
      element("button", { className: "chat-act", type: "button", textContent: label, onclick });
    let isSure = false;
    // Pressed twice, as it takes away all that somebody said.
    const ban = button(this.t.chatBan, () => {
      if (isSure) return this.moderation?.ban(message);
      isSure = true;
      ban.textContent = this.t.chatBanSure(message.author.name);
    });
    const remove = button(this.t.chatRemove, () => this.moderation?.remove(message));
    return element("span", { className: "chat-acts" }, [remove, ban]);
  }
}

/** The same author has the same colour, everywhere. */
function hueOf(id: string): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  return sum % HUES;
}
