/** Who this browser is in chats: the name that somebody chose, and the pass of a guest. */

import { readStored, store } from "../browser/stored";

const NAME = "weir.chat.name";
const PASS = "weir.chat.pass";

export function chosenName(): string | null {
  return readStored(NAME);
}

export function rememberName(name: string): void {
  store(NAME, name);
}

export function guestPass(): string | null {
  return readStored(PASS);
}

export function rememberPass(pass: string): void {
  store(PASS, pass);
}
