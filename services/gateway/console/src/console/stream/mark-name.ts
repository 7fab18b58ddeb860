import type { Mark } from "../../api/marks";
import type { Messages } from "../../i18n/en";

/** What a mark is called among others. */
export function nameOfMark(mark: Mark, t: Messages): string {
  if (mark.kind === "text") return mark.text.split("\n")[0] || t.stream.markText;
  return mark.kind === "clock" ? t.stream.markClock : t.stream.markImage;
}
