/** Times as viewers read them. */

const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** `1:02:03`, or `2:03` where there are no hours. */
export function length(ms: number): string {
  const all_s = Math.max(0, Math.floor(ms / SECOND_MS));
  const seconds = `${all_s % MINUTE_S}`.padStart(2, "0");
  const minutes = Math.floor(all_s / MINUTE_S) % MINUTE_S;
  const hours = Math.floor(all_s / HOUR_S);
  return hours > 0
    ? `${hours}:${`${minutes}`.padStart(2, "0")}:${seconds}`
    : `${minutes}:${seconds}`;
}

/** The time of day, where the viewer is. */
export function timeOfDay(at_ms: number, language: string): string {
  const form = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  return form.format(at_ms);
}

/** `12 minutes ago`, in the viewer's language. */
export function ago(at_ms: number, now_ms: number, language: string): string {
  const form = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const past_s = Math.max(0, (now_ms - at_ms) / SECOND_MS);
  if (past_s < HOUR_S) return form.format(-Math.floor(past_s / MINUTE_S), "minute");
  if (past_s < 24 * HOUR_S) return form.format(-Math.floor(past_s / HOUR_S), "hour");
  return form.format(-Math.floor(past_s / (24 * HOUR_S)), "day");
}
