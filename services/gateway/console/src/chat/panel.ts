/** The chat beside the picture: live while that is live, and else what was said at its time. */

import type { Messages } from "../i18n/viewer-en";
import { element } from "../player/element";
import { Composer } from "./composer";
import "./chat.css";
import type { Moderation } from "./line";
import { MessageList } from "./list";
import { chosenName, guestPass, rememberName, rememberPass } from "./remembered";
import { ChatReplay } from "./replay";
import { ChatSocket } from "./socket";
import type { Message, Settings, Welcome } from "./words";

const TICK_MS = 500;
const KEPT = 200;
/** So often, and so long after each other, a moderator's order is given that finds no message. */
const TRIES = 4;
const AGAIN_MS = 1000;

export interface Where {
  /** Of the WebSocket; null: what is watched is over. */
  socketURL: string | null;
  minuteURL: (minute: number) => string;
  /** Of the API; for those who may moderate. */
  apiURL: string;
}

/** What the player shows, as far as the chat has to know. */
export interface Picture {
  isAtLive(): boolean;
  /** Unix ms of the picture; null: nobody knows. */
  now_ms(): number | null;
}

export class ChatPanel {
  private readonly list: MessageList;
  private readonly composer: Composer;
  private readonly replay: ChatReplay;
  private readonly socket: ChatSocket | null;
  private readonly timer: number;
  private readonly slow = element("p", { className: "chat-slow", hidden: true });
  /** What is said now, however far back the viewer is. */
  private live: Message[] = [];
  private settings: Settings = { is_open: true, slow_s: 0 };
  private canModerate = false;
  private isLost = false;
  private isBehind = false;

  constructor(
    root: HTMLElement,
    private readonly where: Where,
    private readonly picture: Picture,
    private readonly t: Messages,
    tag: string,
  ) {
    this.list = new MessageList(t, tag);
    this.composer = new Composer(t, {
      say: (key, text) => this.socket?.say(key, text),
      name: (name) => {
        rememberName(name);
        this.socket?.rejoin();
      },
    });
    this.replay = new ChatReplay(where.minuteURL);
    const heading = element("h2", { className: "chat-title", textContent: t.chat });
    const head = element("div", { className: "chat-head" }, [heading, this.slow]);
    root.replaceChildren(head, this.list.element, this.composer.element);
    root.classList.add("chat");
    this.composer.element.hidden = where.socketURL === null;
    this.socket = where.socketURL === null ? null : this.connect(where.socketURL);
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
  }

  close(): void {
    clearInterval(this.timer);
    this.socket?.close();
  }

  private connect(url: string): ChatSocket {
    const introduce = () => ({ name: chosenName(), pass: guestPass() });
    return new ChatSocket(url, introduce, {
      onWelcome: (welcome) => this.welcomed(welcome),
      onMessage: (message) => {
        this.live = [...this.live, message].slice(-KEPT);
        if (!this.isBehind) this.list.add(message);
      },
      onRemoved: (isRemoved) => {
        this.live = this.live.filter((message) => !isRemoved(message));
        this.list.removeWhere(isRemoved);
      },
      onSettings: (settings) => {
        this.settings = settings;
        this.draw();
      },
      onSaid: (key) => this.composer.said(key),
      onRefused: (refusal) => this.composer.refused(refusal),
      onLost: () => {
        this.isLost = true;
        this.draw();
      },
    });
  }

  private welcomed(welcome: Welcome): void {
    if (welcome.is_anew) {
      this.live = [];
      if (!this.isBehind) this.list.clear();
    }
    if (welcome.pass) rememberPass(welcome.pass);
    this.settings = welcome;
    this.canModerate = welcome.can_moderate;
    this.isLost = false;
    this.list.allow(welcome.can_moderate ? this.moderation() : null);
    if (!this.isBehind) this.list.know();
    this.composer.draw(welcome.author ? chosenName() : null);
    this.draw();
    this.composer.resume();
  }

  private draw(): void {
    const { t, settings, canModerate } = this;
    this.slow.hidden = settings.slow_s === 0 || this.where.socketURL === null;
    this.slow.textContent = t.chatSlow(settings.slow_s);
    if (this.isLost) this.composer.shut(t.chatLost);
    else if (this.isBehind) this.composer.shut(t.chatBehind);
    else if (!settings.is_open && !canModerate) this.composer.shut(t.chatClosed);
    else this.composer.shut(null);
  }

  /** Live, or in the past, as the picture is. */
  private tick(): void {
    const now_ms = this.picture.now_ms();
    const isBehind = this.where.socketURL === null || (!this.picture.isAtLive() && now_ms !== null);
    if (isBehind !== this.isBehind) {
      this.isBehind = isBehind;
      if (!isBehind) this.list.show(this.live);
      this.draw();
    }
    if (!isBehind || now_ms === null) return;
    this.list.show(this.replay.until(now_ms));
    if (this.replay.knows(now_ms)) this.list.know();
  }

  // --- for moderators -------------------------------------------------------------------

  private moderation(): Moderation {
    return {
      remove: ({ id }) => void this.call("DELETE", `messages/${id}`),
      ban: ({ id }) => void this.call("POST", "bans", { message: id }),
    };
  }

  /** What was said a moment ago may not be written down yet, and cannot be found. */
  private async call(method: string, path: string, body?: object, tries = TRIES): Promise<void> {
    const answer = await fetch(`${this.where.apiURL}/${path}`, {
      method,
      headers: body ? { "content-type": "application/json" } : {},
      body: body ? JSON.stringify(body) : null,
    }).catch(() => null);
    if (answer?.ok) return;
    if (answer?.status !== 404 || tries === 1) return this.composer.tell(this.t.chatNotDone);
    await new Promise((next) => window.setTimeout(next, AGAIN_MS));
    return this.call(method, path, body, tries - 1);
  }
}
