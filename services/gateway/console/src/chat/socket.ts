/** A page's connection to a chat: comes back by itself, and asks for what it missed. */

import type { Message, Refusal, Settings, Welcome, Word } from "./words";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** A pause is so much longer by chance, so that not all come back at once. */
const JITTER = 0.5;

export interface Listeners {
  /** `isAnew`: what is shown so far counts no more. */
  onWelcome(welcome: Welcome): void;
  onMessage(message: Message): void;
  onRemoved(isRemoved: (message: Message) => boolean): void;
  onSettings(settings: Settings): void;
  onSaid(key: string): void;
  onRefused(refusal: Refusal): void;
  /** It comes back by itself. */
  onLost(): void;
}

export class ChatSocket {
  private socket: WebSocket | null = null;
  private last = 0;
  private pause_ms = FIRST_PAUSE_MS;
  private timer = 0;
  private isClosed = false;

  /** `introduce`: who speaks here; nobody only reads. */
  constructor(
    private readonly url: string,
    private readonly introduce: () => { name?: string | null; pass?: string | null },
    private readonly listeners: Listeners,
  ) {
    this.connect();
  }

  say(key: string, text: string): void {
    this.send({ type: "say", key, text });
  }

  /** With another name. */
  rejoin(): void {
    const before = this.socket;
    this.socket = null;
    before?.close();
    clearTimeout(this.timer);
    this.connect();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.addEventListener("open", () =>
      this.send({ type: "join", ...this.introduce(), after: this.last || null }),
    );
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      if (socket === this.socket) this.hear(JSON.parse(data) as Word);
    });
    socket.addEventListener("close", () => {
      if (socket === this.socket) this.lose();
    });
  }

  private lose(): void {
    if (this.isClosed) return;
    this.listeners.onLost();
    const pause_ms = this.pause_ms * (1 + Math.random() * JITTER);
    this.pause_ms = Math.min(this.pause_ms * 2, LONGEST_PAUSE_MS);
    this.timer = window.setTimeout(() => this.connect(), pause_ms);
  }

  private send(word: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(word));
  }

  private hear(word: Word): void {
    const { listeners } = this;
    switch (word.type) {
      case "welcome":
        this.pause_ms = FIRST_PAUSE_MS;
        return listeners.onWelcome(word);
      case "message":
        this.last = Math.max(this.last, word.id);
        return listeners.onMessage(word);
      case "removed":
        return listeners.onRemoved((message) => word.ids.includes(message.id));
      case "banned":
        return listeners.onRemoved((message) => message.author.id === word.author);
      case "settings":
        return listeners.onSettings(word);
      case "said":
        return listeners.onSaid(word.key);
      case "refused":
        return listeners.onRefused(word);
    }
  }
}
