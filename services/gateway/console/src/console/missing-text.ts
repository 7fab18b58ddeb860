import { timeText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import type { Missing } from "../timeline/footage";

/** What is missing, for how long, and why. */
export function useMissingText(): (missing: Missing) => string {
  const { t, tag } = useReader();
  const { missingKinds, causes } = t.recorded;
  return ({ kind, cause, from_ms, until_ms }) => {
    const why = cause === null ? causes.unknown : (causes[cause] ?? cause);
    const length = timeText(tag, (until_ms - from_ms) / 1000);
    return `${missingKinds[kind]} · ${length}${why ? ` · ${why}` : ""}`;
  };
}
