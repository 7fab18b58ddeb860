/** `/embed/<id>`: the player alone, for pages of others. */

import { preferredLanguage, TAGS } from "../i18n/language";
import { VIEWER } from "../i18n/viewer";
import "../player/page.css";
import { StatePanel } from "../player/state-panel";
import { shownAt } from "./place";
import { start } from "./start";

const language = preferredLanguage();
const t = VIEWER[language];
document.documentElement.lang = TAGS[language];

const root = document.querySelector<HTMLElement>("#player");
if (!root) throw new Error("The page has no #player.");
const shown = shownAt(location.pathname);
if (shown) {
  start({ root, shown, t, tag: TAGS[language], isNamed: true });
} else {
  const panel = new StatePanel(t);
  root.classList.add("player");
  root.append(panel.element);
  panel.showNowhere();
}
