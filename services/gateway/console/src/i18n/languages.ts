/** The console's languages. */

import { en, type Messages } from "./en";
import { type Language, NAMES, TAGS } from "./language";
import { zh } from "./zh";

export const LANGUAGES: Record<Language, { name: string; tag: string; messages: Messages }> = {
  en: { name: NAMES.en, tag: TAGS.en, messages: en },
  zh: { name: NAMES.zh, tag: TAGS.zh, messages: zh },
};
