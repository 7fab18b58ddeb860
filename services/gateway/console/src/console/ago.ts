/** A moment as people say it beside now: 4 minutes ago, in 2 hours. */

type Step = [unit: Intl.RelativeTimeFormatUnit, unit_s: number];

const SECOND: Step = ["second", 1];
const LONGER: Step[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

export function ago(tag: string, moment: string): string {
  const from_now_s = Math.round((Date.parse(moment) - Date.now()) / 1000);
  const [unit, unit_s] = LONGER.find(([, each_s]) => Math.abs(from_now_s) >= each_s) ?? SECOND;
  const format = new Intl.RelativeTimeFormat(tag, { numeric: "auto" });
  return format.format(Math.trunc(from_now_s / unit_s), unit);
}
