/** The languages, and which one this person reads. */

import { en, type Messages } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";

export const LANGUAGES: Record<Language, { name: string; tag: string; messages: Messages }> = {
  en: { name: "English", tag: "en", messages: en },
  zh: { name: "中文", tag: "zh-CN", messages: zh },
};

const STORED = "weir.language";

/** The language chosen before, else the browser's, else English. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(STORED);
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))?.startsWith("zh")
    ? "zh"
    : "en";
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
}
