/** The player, inside any box: the watch page's, the embed's whole window, the console's dialog. */

import type { Messages } from "../i18n/viewer-en";
import type { Facts, Metadata } from "../watch/facts";
import { KINDS, personalPath, type Place } from "../playback/kind";
import { Playback, type State } from "../playback/playback";
import { Captions } from "./captions";
import { Controls } from "./controls";
import { element } from "./element";
import "./player.css";
import { storedLatency } from "./settings";
import { StatePanel } from "./state-panel";
import { LiveStoryboards, Storyboard } from "./storyboard";
import { TimedMetadata } from "./timed";

/** A made-up id tells a viewer nothing. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Wanted {
  /** Whether the player itself says what it plays; what is around it may say so already. */
  isNamed?: boolean;
  /** The kind beside the name; the watch page has one alone. */
  hasKind?: boolean;
  /** What is known of it at the beginning; null: it is asked for as it is. */
  facts?: Facts | null;
  poster?: string;
  /** Whether it begins with sound, as browsers let it after a click; default: it does not. */
  hasSound?: boolean;
  /** Where a recording is watched, by its session. */
  recordingURL?: (session: string) => string;
  /** BCP 47, of the reader. */
  language?: string;
}

export interface Mounted {
  /** There is news of what is played. */
  told(facts: Facts): void;
  /** Something was said along with a picture, which may be yet to come. */
  said(metadata: Metadata): void;
  /** Whether the viewer sees what is newest. */
  isAtLive(): boolean;
  /** The instant of the picture, Unix ms; null: it is not known. */
  now_ms(): number | null;
  unmount(): void;
}

/** Fill `root` with the player. */
export function mountPlayer(
  root: HTMLElement,
  place: Place,
  t: Messages,
  wanted: Wanted = {},
): Mounted {
  const { isNamed = true, hasKind = isNamed, facts = null, language = "en" } = wanted;
  const video = element("video", { className: "player-video", playsInline: true });
  video.muted = !wanted.hasSound;
  if (wanted.poster) video.poster = wanted.poster;
  const title = element("span", { className: "player-title" });
  const top = element("div", { className: "player-top", hidden: !isNamed }, [
    title,
    element("span", {
      className: "player-kind",
      textContent: KINDS[place.kind].label,
      hidden: !hasKind,
    }),
  ]);
  const panel = new StatePanel(t);
  const captions = new Captions(video);
  root.classList.add("player");
  root.append(video, captions.element, top);

  const named = (known: Facts | null) => {
    const name = known?.title || (UUID.test(place.stream) ? "" : place.stream);
    title.textContent = name;
    video.setAttribute("aria-label", name || t.player);
    const recorded = known?.recording?.session;
    panel.recordingURL = recorded && wanted.recordingURL ? wanted.recordingURL(recorded) : null;
    panel.isPublisherAway = known?.state === "waiting";
  };
  const onState = (state: State) => {
    root.dataset.state = state;
    panel.show(state, place);
    controls?.draw();
  };
  let controls: Controls | null = null;
  const timed = new TimedMetadata(root);
  named(facts);
  const playback = new Playback(
    video,
    place,
    {
      onState,
      onTick: () => {
        controls?.draw();
        timed.show(playback.now_ms());
      },
      onChoices: () => controls?.renew(),
    },
    {
      latency: storedLatency(),
      rewinds_since_ms: sinceOf(facts, place),
      isThere: facts === null || facts.state === "starting" ? null : facts.state !== "offline",
    },
  );
  const boardOf = (view: string) =>
    personalPath(`${place.stream}/${view}/storyboard.vtt`, place.personal);
  const pictures = place.session
    ? new Storyboard(boardOf(place.session))
    : new LiveStoryboards((from_ms, until_ms) => boardOf(`${from_ms}-${until_ms}`));
  controls = new Controls(root, video, playback, t, language, pictures);
  // Above what takes clicks on the picture.
  root.append(panel.element);
  onState("connecting");
  panel.onRetry = () => playback.retry();
  panel.onReplay = () => void playback.toggle();
  let last: State | null = null;
  return {
    told(known) {
      named(known);
      last = (root.dataset.state as State | undefined) ?? last;
      if (last) panel.show(last, place);
      if (!place.session) playback.told(known.state !== "offline", sinceOf(known, place));
    },
    said(metadata) {
      timed.add(metadata);
    },
    isAtLive: () => playback.isAtLive,
    now_ms: () => playback.now_ms(),
    unmount() {
      playback.destroy();
      controls?.destroy();
      captions.destroy();
      root.classList.remove("idle", "paused", "recorded", "menu-open");
      root.replaceChildren();
    },
  };
}

/** Since when what is on air can be rewound. FLV and DASH are played live alone. */
function sinceOf(facts: Facts | null, place: Place): number | null {
  const isHLS = place.kind === "hls" || place.kind === "hls_cmaf";
  return isHLS && facts?.since ? Date.parse(facts.since) : null;
}
