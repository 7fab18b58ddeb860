/** `/watch/<id>`: the page to watch a stream or an asset on. */

import { ChatPanel } from "../chat/panel";
import { preferredLanguage, TAGS } from "../i18n/language";
import { VIEWER } from "../i18n/viewer";
import type { Mounted } from "../player/mount";
import { Bar } from "./bar";
import { Info } from "./info";
import { chatAt, shownAt } from "./place";
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
const beside = document.querySelector<HTMLElement>("#chat");
if (!root || !below || !above || !beside) throw new Error("The page lacks a part of its own.");
const shown = shownAt(location.pathname);
if (!shown) throw new Error("This is no address of a watch page.");
root.setAttribute("aria-label", t.player);
beside.setAttribute("aria-label", t.chat);
const share = new ShareDialog(shown, t);
const info = new Info(shown, t, tag, () => share.open());
above.append(...new Bar(t, language).children);
below.append(info.element);
document.body.append(share.element);
let mounted: Mounted | null = null;
let chat: ChatPanel | null = null;
start({
  root,
  shown,
  t,
  tag,
  isNamed: false,
  onMounted(made) {
    mounted = made;
  },
  onFacts(facts) {
    info.show(facts);
    share.name(facts.title || facts.id);
    // Once it is there it stays: a chat that is closed says so itself.
    if (chat || !mounted || !facts.has_chat) return;
    beside.hidden = false;
    chat = new ChatPanel(beside, chatAt(shown, facts), mounted, t, tag);
  },
});
