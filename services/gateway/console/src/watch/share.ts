/** The link and the embed code, to be copied. */

import type { Messages } from "../i18n/viewer-en";
import { element, icon } from "../player/element";
import { CLOSE, SHARE } from "../player/icons";
import { pageURL, type Shown } from "./place";

const COPIED_MS = 2000;
const WIDTH = 960;
const HEIGHT = 540;

export class ShareDialog {
  readonly element = element("dialog", { className: "share" });
  private title = "";
  private readonly link: HTMLInputElement;
  private readonly code: HTMLInputElement;

  constructor(
    private readonly shown: Shown,
    private readonly t: Messages,
  ) {
    this.link = field();
    this.code = field();
    const close = element("button", {
      className: "bar-button",
      type: "button",
      title: t.close,
      onclick: () => this.element.close(),
    }, [icon(CLOSE)]);
    close.setAttribute("aria-label", t.close);
    const heading = element("h2", { id: "share-title", textContent: t.shareTitle });
    this.element.setAttribute("aria-labelledby", "share-title");
    const box = element("div", { className: "share-box" }, [
      element("div", { className: "share-head" }, [heading, close]),
      this.row(t.shareLink, this.link),
      this.row(t.shareEmbed, this.code),
    ]);
    if ("share" in navigator) box.append(this.system());
    this.element.append(box);
    // A click beside the box is one on the dialog itself.
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close();
    });
  }

  name(title: string): void {
    this.title = title;
  }

  open(): void {
    this.link.value = pageURL(this.shown, "watch");
    this.code.value = this.embedCode();
    this.element.showModal();
    this.link.select();
  }

  private embedCode(): string {
    const frame = element("iframe", {
      src: pageURL(this.shown, "embed"),
      width: `${WIDTH}`,
      height: `${HEIGHT}`,
      title: this.title,
      allow: "autoplay; fullscreen; picture-in-picture",
    });
    return frame.outerHTML;
  }

  private row(label: string, input: HTMLInputElement): HTMLElement {
    const copy = element("button", { type: "button", textContent: this.t.copy });
    copy.addEventListener("click", () => void this.copy(input, copy));
    const line = element("span", { className: "field-line share-line" }, [input, copy]);
    return element("label", { className: "share-row" }, [element("span", { textContent: label }), line]);
  }

  private async copy(input: HTMLInputElement, button: HTMLButtonElement): Promise<void> {
    input.select();
    // Without TLS there is no clipboard but by the old way.
    if (navigator.clipboard) await navigator.clipboard.writeText(input.value);
    else document.execCommand("copy");
    button.textContent = this.t.copied;
    window.setTimeout(() => (button.textContent = this.t.copy), COPIED_MS);
  }

  private system(): HTMLElement {
    const button = element("button", { className: "share-system", type: "button" }, [
      icon(SHARE),
      this.t.shareSystem,
    ]);
    button.addEventListener("click", () => {
      const told = { title: this.title, url: this.link.value };
      navigator.share(told).catch((error: unknown) => {
        // Who thinks better of it has not met an error.
        if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
      });
    });
    return button;
  }
}

function field(): HTMLInputElement {
  return element("input", { type: "text", readOnly: true, spellcheck: false });
}
