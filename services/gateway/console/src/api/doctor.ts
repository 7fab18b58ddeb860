/** What is wrong with a live stream, and why it is late. */

import { request } from "./http";
import type { Examination as Examined, Finding as Found, Hop, Lateness, Way } from "./schema";

export type Examination = Examined;
export type Finding = Found;
export type FindingCode = Finding["code"];
export type Severity = Finding["severity"];
export type Vitals = NonNullable<Examination["vitals"]>;
export type HopName = Hop["name"];
export type WayKind = Way["kind"];
export type { Hop, Lateness, Way };

const pathOf = (stream: string) => `/api/v1/streams/${encodeURIComponent(stream)}`;

export function examine(stream: string): Promise<Examination> {
  return request("GET", `${pathOf(stream)}/doctor`);
}

export function latencyOf(stream: string): Promise<Lateness> {
  return request("GET", `${pathOf(stream)}/latency`);
}
