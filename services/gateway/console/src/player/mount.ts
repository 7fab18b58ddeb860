/** A player for one live stream inside any box: the page's whole window, or the console's dialog. */

import type { Messages } from "../i18n/en";
import { KINDS, type Place } from "../playback/kind";
import { LivePlayer, type LiveState } from "../playback/live";
import { addControls } from "./controls";
import { element } from "./element";
import "./player.css";
import { StatePanel } from "./state-panel";

/** A made-up id tells a viewer nothing. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Fill `root` with the player; the returned function takes it away again. */
export function mountPlayer(
  root: HTMLElement,
  place: Place,
  t: Messages,
  /** Whether the player itself says what it plays; a dialog around it says so already. */
  { isNamed }: { isNamed: boolean } = { isNamed: true },
): () => void {
  const video = element("video", { className: "player-video", muted: true });
  video.playsInline = true;
  video.setAttribute("aria-label", place.stream);
  const badge = element("span", { className: "player-badge", textContent: t.live, hidden: true });
  const title = UUID.test(place.stream) ? "" : place.stream;
  const latency = element("span", { className: "player-latency", hidden: true });
  const header = element("div", { className: "player-top" }, [
    element("span", { className: "player-title", textContent: title, hidden: !isNamed || !title }),
    badge,
    latency,
    element("span", {
      className: "player-kind",
      textContent: KINDS[place.kind].label,
      hidden: !isNamed,
    }),
  ]);
  const panel = new StatePanel(t);
  root.classList.add("player");
  root.append(video, header, panel.element);
  const removeControls = addControls(root, video, t);
  panel.show("connecting", place);
  const onState = (state: LiveState) => {
    badge.hidden = state !== "playing";
    root.dataset.state = state;
    panel.show(state, place);
  };
  const onLatency = (latency_s: number | null) => {
    latency.hidden = latency_s === null || badge.hidden;
    latency.textContent = latency_s === null ? "" : t.behindLive(latency_s.toFixed(1));
  };
  const player = new LivePlayer(video, place, onState, onLatency);
  panel.onRetry = () => player.retry();
  return () => {
    player.destroy();
    removeControls();
    root.replaceChildren();
  };
}
