/** By what a file is known again after a reload, when somebody chooses it once more. */

const PREFIX = "browser:";
const MOST_CHARACTERS = 128;

export function fingerprintOf(file: File): string {
  return `${PREFIX}${file.size}:${file.lastModified}:${file.name}`.slice(0, MOST_CHARACTERS);
}

/** Whether a browser began this upload, so that one can go on with it. */
export function isOurs(fingerprint: string | null): boolean {
  return fingerprint?.startsWith(PREFIX) ?? false;
}
