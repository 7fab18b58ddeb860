/** What was on air: sessions, what there is of them between two times, and what is kept. */

import type { Span } from "../timeline/span";
import { request } from "./http";
import type {
  Hold,
  Holds,
  Job,
  NamedClip,
  NamedClips,
  RecordedFile,
  RecordedFiles,
  Session,
  SessionPage,
  Timeline,
  TimelineGap,
  TimelineSession,
} from "./schema";

export type { Hold, RecordedFile, Session, TimelineGap, TimelineSession };
export type Clip = NamedClip;

const PAGE = 60;

function under(stream: string, rest: string): string {
  return `/api/v1/streams/${encodeURIComponent(stream)}${rest}`;
}

function times({ from_ms, until_ms }: Span): string {
  const [from_at, until_at] = [from_ms, until_ms].map((at) => new Date(Math.round(at)).toISOString());
  return `from_at=${from_at}&until_at=${until_at}`;
}

/** A page of sessions, newest first; of all streams, or of one; on air at any time of `span`. */
export function listSessions(
  stream: string | null,
  after: string | null,
  span: Span | null = null,
): Promise<SessionPage> {
  const during = span === null ? "" : `&${times(span)}`;
  const of = stream === null ? "" : `&stream=${encodeURIComponent(stream)}`;
  const from = after === null ? "" : `&after=${after}`;
  return request("GET", `/api/v1/sessions?limit=${PAGE}${of}${during}${from}`);
}

/** What holds and clips keep of it stays. */
export function deleteSession(id: string): Promise<Session> {
  return request("DELETE", `/api/v1/sessions/${id}`);
}

/** All sessions that were on air within a span, in order. */
export async function showTimeline(stream: string, span: Span): Promise<TimelineSession[]> {
  const sessions: TimelineSession[] = [];
  let after = "";
  for (;;) {
    const path = under(stream, `/timeline?${times(span)}${after}`);
    const page = await request<Timeline>("GET", path);
    sessions.push(...page.sessions);
    if (page.next_after === null) return sessions;
    after = `&after=${page.next_after}`;
  }
}

/** What is kept of a span, and why; also where something moved. */
export async function listHolds(stream: string, span: Span): Promise<Hold[]> {
  const holds: Hold[] = [];
  let after = "";
  for (;;) {
    const page = await request<Holds>("GET", under(stream, `/holds?${times(span)}${after}`));
    holds.push(...page.holds);
    if (!page.next_after) return holds;
    after = `&after=${encodeURIComponent(page.next_after)}`;
  }
}

export function keep(stream: string, span: Span): Promise<Hold> {
  const [from_at, until_at] = [span.from_ms, span.until_ms].map((at) => new Date(at).toISOString());
  return request("POST", under(stream, "/holds"), { from_at, until_at });
}

export function letGo({ stream, id }: Hold): Promise<void> {
  return request("DELETE", under(stream, `/holds/${id}`));
}

/** Files of a span that are there, or are being made: MP4s, pictures. */
export async function listFiles(stream: string, span: Span): Promise<RecordedFile[]> {
  const found = await request<RecordedFiles>("GET", under(stream, `/files?${times(span)}`));
  return found.files;
}

export const pathOfFile = ({ key }: RecordedFile) =>
  `/api/v1/files/${key.split("/").map(encodeURIComponent).join("/")}`;

// --- clips ------------------------------------------------------------------------------

/** The newest of a stream. */
export async function listClips(stream: string): Promise<Clip[]> {
  return (await request<NamedClips>("GET", under(stream, "/clips"))).clips;
}

export function getClip({ stream, id }: Clip): Promise<Clip> {
  return request("GET", under(stream, `/clips/${id}`));
}

/** Keep it, and have a file made of it. */
export async function makeClip(stream: string, span: Span, name: string): Promise<Clip> {
  const [from_at, until_at] = [span.from_ms, span.until_ms].map((at) =>
    new Date(Math.round(at)).toISOString(),
  );
  const clip = await request<Clip>("POST", under(stream, "/clips"), { name, from_at, until_at });
  return exportClip(clip);
}

export function exportClip({ stream, id }: Clip): Promise<Clip> {
  return request("POST", under(stream, `/clips/${id}/export`));
}

export function deleteClip({ stream, id }: Clip): Promise<void> {
  return request("DELETE", under(stream, `/clips/${id}`));
}

export const pathOfClipFile = ({ stream, id }: Clip) => under(stream, `/clips/${id}/file`);

export const isInTheMaking = ({ export: made }: Clip) =>
  made !== null && ["offered", "queued", "running"].includes(made.state);

/** 0 to 1: how much of the file is made. */
export async function progressOf(clip: Clip): Promise<number> {
  if (clip.export === null) return 0;
  return (await request<Job>("GET", `/api/v1/jobs/${clip.export.job}`)).progress;
}
