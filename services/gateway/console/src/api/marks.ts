/** What is burned into a stream's picture. */

import { request, requestBlob, requestWith } from "./http";
import type { ClockMark, ImageMark, ImageView, RenditionStates, TextMark } from "./schema";
import { changeItem, type Stream } from "./streams";

export type { ClockMark, ImageMark, TextMark };
export type Mark = TextMark | ClockMark | ImageMark;
export type Anchor = Mark["anchor"];

export const MOST_MARKS = 8;

export function setMarks(stream: string, marks: Mark[]): Promise<Stream> {
  return changeItem(stream, { watermark: marks });
}

/** A mark alone, as it will be burned in: PNG with alpha. */
export function drawMark(mark: Mark): Promise<Blob> {
  return requestBlob("POST", "/api/v1/mark-pictures", mark);
}

/** Keep a picture for marks. */
export function keepImage(file: File): Promise<ImageView> {
  return requestWith("POST", "/api/v1/images", file, file.type);
}

export function renditionsOf(session: string): Promise<RenditionStates> {
  return request("GET", `/api/v1/sessions/${session}/renditions`);
}
