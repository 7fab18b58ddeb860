/** Amounts as people read them, in their language. */

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const STEP = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** 1.2 GB */
export function bytesText(tag: string, bytes: number): string {
  const power = bytes < STEP ? 0 : Math.floor(Math.log10(bytes) / 3);
  const unit = BYTE_UNITS[Math.min(power, BYTE_UNITS.length - 1)];
  const value = bytes / STEP ** Math.min(power, BYTE_UNITS.length - 1);
  const maximumFractionDigits = value < 10 && power > 0 ? 1 : 0;
  return amount(tag, value, unit, maximumFractionDigits);
}

/** 40 sec, 12 min, 1.5 hr: nobody can foretell it better. */
export function timeText(tag: string, seconds: number): string {
  if (seconds < MINUTE_S) return amount(tag, Math.max(1, Math.ceil(seconds)), "second");
  if (seconds < HOUR_S) return amount(tag, seconds / MINUTE_S, "minute");
  return amount(tag, seconds / HOUR_S, "hour", 1);
}

/** 40 ms, 1.2 sec */
export function secondsText(tag: string, seconds: number): string {
  if (seconds < 1) return amount(tag, Math.round(seconds * 1000), "millisecond");
  return amount(tag, seconds, "second", 1);
}

/** 2.5 Mb/s, 640 kb/s */
export function bitsText(tag: string, bps: number): string {
  if (bps < STEP * STEP) return amount(tag, bps / STEP, "kilobit-per-second");
  return amount(tag, bps / STEP / STEP, "megabit-per-second", 1);
}

function amount(tag: string, value: number, unit = "byte", maximumFractionDigits = 0): string {
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits } as const;
  return new Intl.NumberFormat(tag, style).format(value);
}

/** Nov 22, 2026 */
export function dayText(tag: string, at: string): string {
  return new Date(at).toLocaleDateString(tag, { year: "numeric", month: "short", day: "numeric" });
}
