import { useQuery } from "@tanstack/react-query";

import { isOver, type JobDetail, readJobLog } from "../../api/jobs";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";

const EVERY_MS = 2000;

/** The newest lines that the job's process said. */
export function JobLogText({ job }: { job: JobDetail }) {
  const { t } = useReader();
  const looked = useQuery({
    queryKey: ["job-log", job.id, job.state],
    queryFn: () => readJobLog(job.id),
    refetchInterval: isOver(job) ? false : EVERY_MS,
  });
  if (looked.error) return <Failure error={looked.error} onRetry={() => void looked.refetch()} />;
  if (!looked.data) return null;
  const { lines } = looked.data;
  return (
    <>
      <h3>{t.jobs.log}</h3>
      {lines.length === 0 && <p className="hint">{t.jobs.logEmpty}</p>}
      {lines.length > 0 && (
        <pre className="job-log" tabIndex={0} aria-label={t.jobs.log}>
          {lines.join("\n")}
        </pre>
      )}
    </>
  );
}
