/** Where a viewer chooses a name and writes. */

import { element } from "../player/element";
import type { Messages } from "../i18n/viewer-en";
import { chosenName } from "./remembered";
import type { Refusal } from "./words";

const MAX_TEXT = 500;
const MAX_NAME = 32;
const SECOND_MS = 1000;

export interface Writer {
  say(key: string, text: string): void;
  name(name: string): void;
}

export class Composer {
  readonly element = element("div", { className: "chat-composer" });
  private readonly name: HTMLInputElement;
  private readonly nameForm: HTMLFormElement;
  private readonly text: HTMLInputElement;
  private readonly send: HTMLButtonElement;
  private readonly form: HTMLFormElement;
  private readonly note = element("p", { className: "chat-note", hidden: true });
  private readonly who = element("button", { className: "chat-who", type: "button" });
  private sent: { key: string; text: string } | null = null;
  private count = 0;
  private waitsUntil_ms = 0;
  /** Why nobody may write; null: they may. */
  private reason: string | null = null;
  private timer = 0;

  constructor(
    private readonly t: Messages,
    private readonly writer: Writer,
  ) {
    this.note.setAttribute("role", "status");
    this.name = element("input", { type: "text", maxLength: MAX_NAME, placeholder: t.chatName, required: true });
    this.name.setAttribute("aria-label", t.chatName);
    this.name.setAttribute("autocomplete", "nickname");
    this.nameForm = form([this.name, element("button", { type: "submit", textContent: t.chatJoin })]);
    this.text = element("input", { type: "text", maxLength: MAX_TEXT, placeholder: t.chatSay, autocomplete: "off" });
    this.text.setAttribute("aria-label", t.chatSay);
    this.send = element("button", { type: "submit", textContent: t.chatSend });
    this.form = form([this.text, this.send]);
    this.nameForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.writer.name(this.name.value);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.who.addEventListener("click", () => this.askName());
    this.element.append(this.note, this.nameForm, this.form, this.who);
    this.draw(null);
  }

  /** As whom this page speaks; null: it has no name yet. */
  draw(name: string | null): void {
    this.nameForm.hidden = name !== null;
    this.form.hidden = name === null;
    this.who.hidden = name === null;
    this.who.textContent = name === null ? "" : this.t.chatAs(name);
    // Whoever is at writing one goes on, whatever the connection does meanwhile.
    if (this.name.value === "") this.name.value = chosenName() ?? "";
  }

  /** Nobody may write: the chat is closed, or what is shown was said long ago. */
  shut(reason: string | null): void {
    for (const each of [this.text, this.send, this.name]) each.disabled = reason !== null;
    this.reason = reason;
    this.tell(reason);
  }

  said(key: string): void {
    if (this.sent?.key !== key) return;
    this.sent = null;
    this.tell(this.reason);
  }

  /** What was refused is given back, unless somebody has written on. */
  refused(refusal: Refusal): void {
    if (this.sent && refusal.key === this.sent.key) {
      if (this.text.value === "") this.text.value = this.sent.text;
      this.sent = null;
    }
    if (refusal.code === "chat_name_wrong" || refusal.code === "chat_name_missing") this.askName();
    if (refusal.retry_after_s !== null) return this.wait(refusal.retry_after_s);
    this.tell(this.t.chatRefusals[refusal.code] ?? refusal.detail);
  }

  private askName(): void {
    this.draw(null);
    this.name.focus();
  }

  private submit(): void {
    const text = this.text.value.trim();
    if (text === "" || this.sent || Date.now() < this.waitsUntil_ms) return;
    this.count += 1;
    const key = `${Date.now().toString(36)}-${this.count}`;
    this.sent = { key, text };
    this.text.value = "";
    this.writer.say(key, text);
  }

  /** What was on its way when the connection was lost may have been said: it is sent again. */
  resume(): void {
    if (this.sent) this.writer.say(this.sent.key, this.sent.text);
  }

  private wait(seconds: number): void {
    this.waitsUntil_ms = Date.now() + seconds * SECOND_MS;
    clearInterval(this.timer);
    const draw = () => {
      const left_s = Math.ceil((this.waitsUntil_ms - Date.now()) / SECOND_MS);
      this.tell(this.reason ?? (left_s > 0 ? this.t.chatWait(left_s) : null));
      if (left_s <= 0) clearInterval(this.timer);
    };
    this.timer = window.setInterval(draw, SECOND_MS);
    draw();
  }

  /** Below what is written; null: nothing. */
  tell(words: string | null): void {
    this.note.hidden = words === null;
    this.note.textContent = words ?? "";
  }
}

function form(children: Node[]): HTMLFormElement {
  return element("form", { className: "field-line chat-form" }, children);
}
