/** From an address to a player that plays what is there, as soon as somebody says what that is. */

import type { Messages } from "../i18n/viewer-en";
// The engine of every watch page comes with it, and is not found out about later.
import "../playback/hls";
import { type Mounted, mountPlayer } from "../player/mount";
import { StatePanel } from "../player/state-panel";
import { askFacts, type Facts, factsOfPage, followFacts } from "./facts";
import { factsURL, placeIn, posterURL, recordingURL, type Shown } from "./place";

const AGAIN_MS = 2000;

export interface Page {
  root: HTMLElement;
  shown: Shown;
  t: Messages;
  /** BCP 47. */
  tag: string;
  /** Whether the player says itself what it plays. */
  isNamed: boolean;
  onFacts?(facts: Facts): void;
  onMounted?(mounted: Mounted): void;
}

export function start(page: Page): void {
  const facts = factsOfPage();
  if (facts) play(page, facts);
  else void ask(page, new StatePanel(page.t));
}

function play(page: Page, facts: Facts): void {
  const { root, shown, t, tag, isNamed } = page;
  let last = facts;
  const mounted = mountPlayer(root, placeIn(shown, facts), t, {
    isNamed,
    hasKind: false,
    facts,
    poster: posterURL(shown, facts),
    recordingURL: (session) => recordingURL(shown, last, session),
    language: tag,
  });
  page.onMounted?.(mounted);
  page.onFacts?.(facts);
  const tell = (told: Facts) => {
    last = told;
    page.onFacts?.(told);
    mounted.told(told);
  };
  const unfollow = followFacts(
    factsURL(shown, "/events"),
    factsURL(shown, ".json"),
    tell,
    (metadata) => mounted.said(metadata),
  );
  window.addEventListener("pagehide", (event) => {
    if (event.persisted) return;
    unfollow();
    mounted.unmount();
  });
}

async function ask(page: Page, panel: StatePanel): Promise<void> {
  const { root, shown, t } = page;
  const again = () => void ask(page, panel);
  const answer = await askFacts(factsURL(shown, ".json"));
  if (typeof answer === "object") {
    root.replaceChildren();
    return play(page, answer);
  }
  root.classList.add("player");
  root.replaceChildren(panel.element);
  panel.onRetry = again;
  if (answer === "unknown") return panel.showUnknown();
  panel.show(answer, { stream: shown.id, kind: "hls_cmaf" });
  root.dataset.state = answer;
  document.title = t.player;
  if (answer === "unreachable") window.setTimeout(again, AGAIN_MS);
}
