/** The player's page, `/<stream>/{flv,index,hls,dash}.html`. */

import { preferredLanguage, TAGS } from "../i18n/language";
import { VIEWER } from "../i18n/viewer";
import { placeOf } from "../playback/kind";
import { mountPlayer } from "./mount";
import "./page.css";
import { StatePanel } from "./state-panel";

const language = preferredLanguage();
const t = VIEWER[language];
document.documentElement.lang = TAGS[language];

const root = document.querySelector<HTMLElement>("#player");
if (!root) throw new Error("The page has no #player.");
const place = placeOf(location.pathname, location.search);
if (place) {
  if (document.title === "Weir") document.title = place.stream;
  const { unmount } = mountPlayer(root, place, t, { language: TAGS[language] });
  window.addEventListener("pagehide", (event) => {
    if (!event.persisted) unmount();
  });
} else {
  const panel = new StatePanel(t);
  root.classList.add("player");
  root.append(panel.element);
  panel.showNowhere();
}
