import { listStreams, nameOf, type Stream } from "../../api/streams";
import type { Cell } from "./csv";

export const STREAM_COLUMNS = [
  "id", "name", "health", "live_since", "viewers", "view_policy", "is_enabled", "created_at",
] as const;

/** Every stream, without its key. */
export async function streamRows(): Promise<Cell[][]> {
  return (await listStreams()).map(rowOf);
}

function rowOf(stream: Stream): Cell[] {
  const { id, health, live_since, viewers, view_policy, is_enabled, created_at } = stream;
  return [
    id, nameOf(stream), health, live_since, viewers.total, view_policy, String(is_enabled), created_at,
  ];
}
