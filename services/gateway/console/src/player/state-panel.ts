/** What stands over the picture while there is none, and what to do about it. */

import type { Messages } from "../i18n/viewer-en";
import { KINDS, type Kind, type Place } from "../playback/kind";
import type { State } from "../playback/playback";
import { element } from "./element";

/** Where to go when a browser cannot play a kind: HLS plays nearly everywhere. */
const ALTERNATIVE: Record<Kind, Kind> = { flv: "hls_cmaf", hls: "dash", hls_cmaf: "dash", dash: "hls_cmaf" };

export class StatePanel {
  readonly element = element("div", { className: "player-panel" });
  onRetry: () => void = () => undefined;
  onReplay: () => void = () => undefined;
  /** Where what was on air can be watched again; null: nowhere. */
  recordingURL: string | null = null;
  /** Whether its publisher is expected to be back in a moment. */
  isPublisherAway = false;

  private said = "";

  constructor(private readonly t: Messages) {
    this.element.setAttribute("role", "status");
  }

  show(state: State, place: Place): void {
    const { t } = this;
    this.element.hidden = state === "playing";
    // What somebody is about to press stays where it is.
    const said = `${state} ${this.recordingURL ?? ""} ${this.isPublisherAway}`;
    if (said === this.said) return;
    this.said = said;
    switch (state) {
      case "playing":
        return this.fill();
      case "connecting":
        return this.fill(this.waves(), text("p", t.connecting));
      case "waiting":
        return this.say(t.waitingTitle, t.waitingText, this.recording());
      case "ended":
        if (place.session) return this.fill(this.button(t.watchAgain, () => this.onReplay()));
        return this.say(t.endedTitle, t.endedText, this.recording());
      case "stalled":
        if (this.isPublisherAway) return this.say(t.awayTitle, t.awayText);
        return this.say(t.stalledTitle, t.stalledText);
      case "unreachable":
        return this.say(t.unreachableTitle, t.unreachableText);
      case "forbidden":
        return this.fill(
          text("h2", t.forbiddenTitle),
          text("p", t.forbiddenText),
          this.button(t.tryAgain, () => this.onRetry()),
        );
      case "unsupported":
        return this.fill(
          text("h2", t.unsupportedTitle),
          text("p", t.unsupportedText(KINDS[ALTERNATIVE[place.kind]].label)),
          link(KINDS[ALTERNATIVE[place.kind]].label, KINDS[ALTERNATIVE[place.kind]].page),
        );
    }
  }

  showNowhere(): void {
    this.fill(text("h2", this.t.nowhereTitle), text("p", this.t.nowhereText));
  }

  showUnknown(): void {
    this.said = "";
    this.fill(text("h2", this.t.unknownTitle), text("p", this.t.unknownText));
  }

  private recording(): HTMLElement[] {
    return this.recordingURL ? [link(this.t.watchRecording, this.recordingURL)] : [];
  }

  private say(title: string, sentence: string, more: HTMLElement[] = []): void {
    this.fill(this.waves(), text("h2", title), text("p", sentence), ...more);
  }

  private button(label: string, onclick: () => void): HTMLElement {
    return element("button", { className: "player-button", type: "button", textContent: label, onclick });
  }

  private waves(): HTMLElement {
    const bars = [1, 2, 3].map(() => element("i"));
    return element("div", { className: "player-waves" }, bars);
  }

  private fill(...children: Node[]): void {
    this.element.replaceChildren(...children);
  }
}

function link(label: string, href: string): HTMLElement {
  return element("a", { className: "player-button", href, textContent: label });
}

function text(name: "h2" | "p", content: string): HTMLElement {
  return element(name, { textContent: content });
}
