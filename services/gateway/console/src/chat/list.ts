/** The messages of a chat, newest below; stays at the end unless somebody reads further up. */

import type { Messages } from "../i18n/viewer-en";
import { element } from "../player/element";
import { lineOf, type Moderation } from "./line";
import type { Message } from "./words";

const SHOWN = 300;
/** So near the end is at the end. */
const NEAR_PX = 48;

export class MessageList {
  readonly element: HTMLElement;
  private readonly list = element("div", { className: "chat-list", tabIndex: 0 });
  private readonly empty = element("p", { className: "chat-empty", hidden: true });
  private readonly newer = element("button", { className: "chat-newer", type: "button", hidden: true });
  private readonly lines = new Map<number, { message: Message; line: HTMLElement }>();
  private moderation: Moderation | null = null;
  private isAtEnd = true;
  private isKnown = false;

  constructor(
    private readonly t: Messages,
    private readonly tag: string,
  ) {
    this.list.setAttribute("role", "log");
    this.list.setAttribute("aria-label", t.chatMessages);
    this.empty.textContent = t.chatEmpty;
    this.newer.textContent = t.chatNewer;
    this.newer.addEventListener("click", () => this.toEnd());
    this.list.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.list;
      this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      if (this.isAtEnd) this.newer.hidden = true;
    });
    // A note below, or a phone that is turned, leaves it another height.
    new ResizeObserver(() => {
      if (this.isAtEnd) this.toEnd();
    }).observe(this.list);
    this.element = element("div", { className: "chat-messages" }, [this.list, this.empty, this.newer]);
  }

  /** What a moderator may do is shown at each message; null: nothing. */
  allow(moderation: Moderation | null): void {
    if ((moderation === null) === (this.moderation === null)) return;
    this.moderation = moderation;
    const messages = [...this.lines.values()].map(({ message }) => message);
    this.clear();
    this.show(messages);
  }

  /** From now on, that there is nothing means that nothing was said. */
  know(): void {
    this.isKnown = true;
    this.drawEmpty();
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
    const line = lineOf(message, this.moderation, this.t, this.tag);
    this.lines.set(message.id, { message, line });
    this.list.append(line);
    if (this.lines.size > SHOWN) {
      const [oldest] = this.lines.keys();
      this.removeWhere(({ id }) => id === oldest);
    }
    this.drawEmpty();
    if (this.isAtEnd) this.toEnd();
    else this.newer.hidden = false;
  }

  removeWhere(isGone: (message: Message) => boolean): void {
    for (const [id, { message, line }] of this.lines) {
      if (!isGone(message)) continue;
      line.remove();
      this.lines.delete(id);
    }
    this.drawEmpty();
  }

  clear(): void {
    this.removeWhere(() => true);
  }

  private drawEmpty(): void {
    this.empty.hidden = !this.isKnown || this.lines.size > 0;
  }

  private toEnd(): void {
    this.list.scrollTop = this.list.scrollHeight;
    this.newer.hidden = true;
  }
}
