import { useQuery } from "@tanstack/react-query";

import { listJobs } from "../../api/jobs";
import type { MarkReport } from "../../api/schema";
import type { Stream } from "../../api/streams";
import { useMay } from "../may";

const EVERY_MS = 3000;

/** What the transcoder says of each mark of a stream that is on air, in their order. */
export function useMarkReports({ id, is_live }: Stream): readonly MarkReport[] {
  const may = useMay();
  const looked = useQuery({
    queryKey: ["jobs", "transcode", id],
    queryFn: () => listJobs({ state: "running", kind: "transcode", stream: id }, null),
    enabled: is_live && may("jobs:read"),
    refetchInterval: EVERY_MS,
  });
  return (is_live && looked.data?.jobs[0]?.report?.marks) || [];
}
