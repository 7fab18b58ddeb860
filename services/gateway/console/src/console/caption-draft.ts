/** Captions that are being added: what was chosen, and what the file's name says already. */

/** Offered by name; BCP 47. */
const LANGUAGES = [
  "en", "zh-Hans", "zh-Hant", "es", "fr", "de", "pt", "pt-BR", "it", "nl", "pl", "ru", "uk", "tr",
  "ar", "he", "fa", "hi", "bn", "ur", "ta", "te", "id", "ms", "vi", "th", "ja", "ko", "sv", "da",
  "nb", "fi", "cs", "sk", "hu", "ro", "bg", "el", "sr", "hr", "sl", "lt", "lv", "et", "ca", "sw",
];

/** film.pt-BR.srt */
const NAMED = /\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.(?:vtt|srt)$/;

/** The languages that can be chosen, by their names in the reader's. */
export function languagesFor(tag: string): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(tag, { type: "language" });
  const offered = LANGUAGES.map((value) => ({ value, label: names.of(value) ?? value }));
  return offered.toSorted((a, b) => a.label.localeCompare(b.label, tag));
}

/** What those who speak it call it. */
export function ownNameOf(language: string): string {
  return new Intl.DisplayNames(language, { type: "language" }).of(language) ?? language;
}

/** The language that the file's name ends in, if it is offered. */
export function languageIn(file: string): string | null {
  const said = NAMED.exec(file)?.[1];
  return LANGUAGES.find((language) => language === said) ?? null;
}
