/** The house's work: what is being done, what was done, and what could not be. */

import { request } from "./http";
import type { Job, JobDetail, JobLog, JobPage } from "./schema";

export type { Job, JobDetail, JobLog };
export type JobState = Job["state"];

/** What is left empty does not narrow the list. */
export interface WantedJobs {
  state: JobState | "";
  kind: string;
  stream: string;
}

export const STATES: readonly JobState[] = [
  "running", "queued", "offered", "completed", "failed", "cancelled",
];
const PAGE = 50;
/** Kinds that whoever asks for them may ask for again. */
const REPEATABLE: ReadonlySet<string> = new Set(["remux", "encode", "storyboard", "poster"]);

export const isOver = ({ state }: Job) =>
  state === "completed" || state === "failed" || state === "cancelled";

/** Others end with their stream's session, and not before. */
const FINITE: ReadonlySet<string> = new Set([
  ...REPEATABLE, "import", "inspect", "plan", "chunk",
]);

export const isCancellable = (job: Job) => !isOver(job) && FINITE.has(job.kind);

/** Whether it may be done once more: live work begins again by itself. */
export const isRepeatable = (job: Job) => isOver(job) && REPEATABLE.has(job.kind);

export function listJobs(wanted: WantedJobs, after: string | null): Promise<JobPage> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries(wanted)) if (value) query.set(name, value);
  if (after !== null) query.set("after", after);
  return request("GET", `/api/v1/jobs?${query}`);
}

export function readJob(id: string): Promise<JobDetail> {
  return request("GET", `/api/v1/jobs/${id}`);
}

export function readJobLog(id: string): Promise<JobLog> {
  return request("GET", `/api/v1/jobs/${id}/log`);
}

export function cancelJob(id: string): Promise<JobDetail> {
  return request("DELETE", `/api/v1/jobs/${id}`);
}

/** Ask for the same once more, as a new job. */
export function repeatJob({ kind, params, size, priority }: JobDetail): Promise<JobDetail> {
  const { kind: _, ...asked } = params ?? {};
  return request("POST", "/api/v1/jobs", { kind, params: asked, size, priority });
}

/** Where the file that it made is downloaded; null: it made none. */
export function resultPath({ id, result }: JobDetail): string | null {
  return result && "object_key" in result ? `/api/v1/jobs/${id}/result` : null;
}
