/** Which language this person reads. */

import { readStored, store } from "../browser/stored";

export type Language = "en" | "zh";

/** What each is called by those who read it. */
export const NAMES: Record<Language, string> = { en: "English", zh: "中文" };
/** BCP 47. */
export const TAGS: Record<Language, string> = { en: "en", zh: "zh-CN" };

const STORED = "weir.language";

/** The language chosen before, else the browser's, else English. */
export function preferredLanguage(): Language {
  const chosen = readStored(STORED);
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))?.startsWith("zh")
    ? "zh"
    : "en";
}

export function isLanguage(word: string | null): word is Language {
  return word === "en" || word === "zh";
}

export function rememberLanguage(language: Language): void {
  store(STORED, language);
}
