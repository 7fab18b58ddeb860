/** What stands over the picture while there is none, and what to do about it. */

import type { Messages } from "../i18n/en";
import { KINDS, type Kind, type Place } from "../playback/kind";
import type { LiveState } from "../playback/live";
import { element } from "./element";

/** Where to go when a browser cannot play a kind: HLS plays nearly everywhere. */
const ALTERNATIVE: Record<Kind, Kind> = { flv: "hls_cmaf", hls: "dash", hls_cmaf: "dash", dash: "hls_cmaf" };

export class StatePanel {
  readonly element = element("div", { className: "player-panel" });
  onRetry: () => void = () => undefined;

  constructor(private readonly t: Messages) {
    this.element.setAttribute("role", "status");
  }

  show(state: LiveState, place: Place): void {
    const { t } = this;
    this.element.hidden = state === "playing";
    switch (state) {
      case "playing":
        return this.fill();
      case "connecting":
        return this.fill(this.waves(), text("p", t.connecting));
      case "waiting":
        return this.say(t.waitingTitle, t.waitingText);
      case "ended":
        return this.say(t.endedTitle, t.endedText);
      case "stalled":
        return this.say(t.stalledTitle, t.stalledText);
      case "unreachable":
        return this.say(t.unreachableTitle, t.unreachableText);
      case "forbidden":
        return this.fill(
          text("h2", t.forbiddenTitle),
          text("p", t.forbiddenText),
          element("button", {
            className: "player-button",
            type: "button",
            textContent: t.tryAgain,
            onclick: () => this.onRetry(),
          }),
        );
      case "unsupported": {
        const other = KINDS[ALTERNATIVE[place.kind]];
        const link = element("a", {
          className: "player-button",
          href: other.page,
          textContent: other.label,
        });
        const sentence = text("p", t.unsupportedText(other.label));
        return this.fill(text("h2", t.unsupportedTitle), sentence, link);
      }
    }
  }

  showNowhere(): void {
    this.fill(text("h2", this.t.nowhereTitle), text("p", this.t.nowhereText));
  }

  private say(title: string, sentence: string): void {
    this.fill(this.waves(), text("h2", title), text("p", sentence));
  }

  private waves(): HTMLElement {
    const bars = [1, 2, 3].map(() => element("i"));
    return element("div", { className: "player-waves" }, bars);
  }

  private fill(...children: Node[]): void {
    this.element.replaceChildren(...children);
  }
}

function text(name: "h2" | "p", content: string): HTMLElement {
  return element(name, { textContent: content });
}
