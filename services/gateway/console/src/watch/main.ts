/** `/watch/<id>`: the page to watch a stream or an asset on. */

import { preferredLanguage, TAGS } from "../i18n/language";
import { VIEWER } from "../i18n/viewer";
import { Bar } from "./bar";
import { Info } from "./info";
import { shownAt } from "./place";
import { ShareDialog } from "./share";
import { start } from "./start";
import { applyTheme } from "./theme";
import "./watch.css";

applyTheme();
const language = preferredLanguage();
const t = VIEWER[language];
const tag = TAGS[language];
document.documentElement.lang = tag;

const root = document.querySelector<HTMLElement>("#player");
const below = document.querySelector<HTMLElement>("#info");
const above = document.querySelector<HTMLElement>("#bar");
if (!root || !below || !above) throw new Error("The page lacks #player, #info or #bar.");
const shown = shownAt(location.pathname);
if (!shown) throw new Error("This is no address of a watch page.");
root.setAttribute("aria-label", t.player);
document.querySelector("#chat")?.setAttribute("aria-label", t.chat);
const share = new ShareDialog(shown, t);
const info = new Info(shown, t, tag, () => share.open());
above.append(...new Bar(t, language).children);
below.append(info.element);
document.body.append(share.element);
start({
  root,
  shown,
  t,
  tag,
  isNamed: false,
  onFacts(facts) {
    info.show(facts);
    share.name(facts.title || facts.id);
  },
});
