/** A player for one live stream inside any box: the page's whole window, or the console's dialog. */

import type { Messages } from "../i18n/en";
import { KINDS, type Place } from "../playback/kind";
import { LivePlayer } from "../playback/live";
import { addControls } from "./controls";
import { element } from "./element";
import "./player.css";
import { StatePanel } from "./state-panel";

/** Fill `root` with the player; the returned function takes it away again. */
export function mountPlayer(root: HTMLElement, place: Place, t: Messages): () => void {
  const video = element("video", { className: "player-video", muted: true });
  video.playsInline = true;
  video.setAttribute("aria-label", place.stream);
  const badge = element("span", { className: "player-badge", textContent: t.live, hidden: true });
  const header = element("div", { className: "player-top" }, [
    element("span", { className: "player-title", textContent: place.stream }),
    badge,
    element("span", { className: "player-kind", textContent: KINDS[place.kind].label }),
  ]);
  const panel = new StatePanel(t);
  root.classList.add("player");
  root.append(video, header, panel.element);
  const removeControls = addControls(root, video, t);
  panel.show("connecting", place);
  const player = new LivePlayer(video, place, (state) => {
    badge.hidden = state !== "playing";
    root.dataset.state = state;
    panel.show(state, place);
  });
  panel.onRetry = () => player.retry();
  return () => {
    player.destroy();
    removeControls();
    root.replaceChildren();
  };
}
