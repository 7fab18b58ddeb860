/** The line above the player: the house's mark, the language, light or dark. */

import { type Language, NAMES, rememberLanguage, TAGS } from "../i18n/language";
import type { Messages } from "../i18n/viewer-en";
import { element, icon } from "../player/element";
import { mark } from "./mark";
import { switchTheme } from "./theme";

const HALF_MOON = "M12 3.5v17a8.5 8.5 0 0 0 0-17zM12 3.5a8.5 8.5 0 0 0 0 17";

export class Bar {
  readonly children: Node[];

  constructor(t: Messages, language: Language) {
    const other: Language = language === "en" ? "zh" : "en";
    const read = element("button", {
      className: "bar-button",
      type: "button",
      lang: TAGS[other],
      textContent: NAMES[other],
      onclick: () => {
        rememberLanguage(other);
        location.reload();
      },
    });
    read.title = t.language;
    const theme = element("button", {
      className: "bar-button",
      type: "button",
      title: t.theme,
      onclick: switchTheme,
    }, [icon(HALF_MOON)]);
    theme.setAttribute("aria-label", t.theme);
    const brand = element("span", { className: "bar-brand" }, [mark(), "Weir"]);
    this.children = [brand, element("span", { className: "bar-gap" }), read, theme];
  }
}
