import type { Messages } from "../../i18n/en";

/** What Weir does; the live ones first. */
export const KINDS = [
  "package", "transcode", "relay", "motion", "stills", "remux", "encode", "poster", "storyboard",
  "import", "inspect", "plan", "chunk",
] as const;

export function kindText(kind: string, t: Messages): string {
  const known: Record<string, string> = t.jobs.kinds;
  return known[kind] ?? kind;
}
