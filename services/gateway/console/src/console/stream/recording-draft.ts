/** What is kept of a stream and for how long: fields of its item, as a form has them. */

import type { Stream } from "../../api/streams";

export interface RecordingDraft {
  hasVideo: boolean;
  videoSeconds: string;
  hasImages: boolean;
  imageSeconds: string;
  hasMotion: boolean;
  motionDifference: string;
  motionPercent: string;
  /** Empty: as the house does it. */
  keepHours: string;
  keepGigabytes: string;
}

type Switch = "hasVideo" | "hasImages" | "hasMotion";
export type NumberField = Exclude<keyof RecordingDraft, Switch>;

interface Range {
  least: number;
  most: number;
  isOptional?: boolean;
}

const GIGABYTE = 1e9;

/** As the catalog takes them; it checks again. */
export const RANGES: Record<NumberField, Range> = {
  videoSeconds: { least: 2, most: 43_200 },
  imageSeconds: { least: 1, most: 86_400 },
  motionDifference: { least: 1, most: 254 },
  motionPercent: { least: 0.01, most: 100 },
  keepHours: { least: 0.01, most: 878_400, isOptional: true },
  keepGigabytes: { least: 0.001, most: 1e9, isOptional: true },
};

const SWITCHES: Partial<Record<NumberField, Switch>> = {
  videoSeconds: "hasVideo",
  imageSeconds: "hasImages",
  motionDifference: "hasMotion",
  motionPercent: "hasMotion",
};

export function draftOf({ item }: Stream): RecordingDraft {
  const bytes = numberOf(item.retentionBytes);
  return {
    hasVideo: truthOf(item.isVideo),
    videoSeconds: textOf(item.video_time, "30"),
    hasImages: truthOf(item.isImage),
    imageSeconds: textOf(item.image_time, "10"),
    hasMotion: truthOf(item.isMotion),
    motionDifference: textOf(item.motion_diff, "10"),
    motionPercent: textOf(item.motion_percent, "30"),
    keepHours: textOf(item.retentionHours ?? (item.DataRetentionInHours || null), ""),
    keepGigabytes: bytes === null ? "" : String(bytes / GIGABYTE),
  };
}

/** Which numbers Weir would not take; those of what is switched off are not seen. */
export function faultsOf(draft: RecordingDraft): Set<NumberField> {
  const fields = Object.keys(RANGES) as NumberField[];
  const isSeen = (field: NumberField) => draft[SWITCHES[field] ?? field] !== false;
  return new Set(fields.filter((field) => isSeen(field) && !isRight(draft[field], RANGES[field])));
}

/** What is switched off keeps the numbers that it had. */
export function itemOf(draft: RecordingDraft): Record<string, unknown> {
  const bytes = numberOf(draft.keepGigabytes);
  return {
    isVideo: draft.hasVideo,
    ...(draft.hasVideo && { video_time: Number(draft.videoSeconds) }),
    isImage: draft.hasImages,
    ...(draft.hasImages && { image_time: Number(draft.imageSeconds) }),
    isMotion: draft.hasMotion,
    ...(draft.hasMotion && {
      motion_diff: Number(draft.motionDifference),
      motion_percent: Number(draft.motionPercent),
    }),
    retentionHours: numberOf(draft.keepHours),
    retentionBytes: bytes === null ? null : Math.round(bytes * GIGABYTE),
  };
}

function isRight(typed: string, { least, most, isOptional = false }: Range): boolean {
  if (!typed.trim()) return isOptional;
  const number = Number(typed);
  return number >= least && number <= most;
}

/** Clients write truths and numbers as text, too. */
const truthOf = (value: unknown) => value === true || value === "true";

const textOf = (value: unknown, otherwise: string) =>
  value === null || value === undefined || value === "" ? otherwise : String(value);

function numberOf(value: unknown): number | null {
  return value === null || value === undefined || value === "" ? null : Number(value);
}
