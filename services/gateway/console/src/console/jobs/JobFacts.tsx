import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import {
  cancelJob,
  isCancellable,
  isOver,
  isRepeatable,
  type JobDetail,
  readJob,
  repeatJob,
  resultPath,
} from "../../api/jobs";
import { useReader } from "../../i18n/Reader";
import { ConfirmDialog } from "../ConfirmDialog";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { useMay } from "../may";
import { streamAddress } from "../place";
import { TraceLink } from "../TraceLink";
import { JobLogText } from "./JobLogText";
import { kindText } from "./job-words";

const EVERY_MS = 2000;

/** What a job is to do, how its attempts went, what it said and made. */
export function JobFacts({ id }: { id: string }) {
  const { t, tag } = useReader();
  const looked = useQuery({
    queryKey: ["job", id],
    queryFn: () => readJob(id),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : EVERY_MS),
  });
  const job = looked.data;
  const timeOf = (at: string) =>
    new Date(at).toLocaleString(tag, { dateStyle: "medium", timeStyle: "medium" });
  if (looked.error) return <Failure error={looked.error} onRetry={() => void looked.refetch()} />;
  if (!job) return <Skeleton height={96} />;
  return (
    <div className="job">
      <dl>
        <dt>{t.jobs.requested}</dt>
        <dd>{timeOf(job.requested_at)}</dd>
        {job.stream && (
          <>
            <dt>{t.jobs.stream}</dt>
            <dd>
              <a href={streamAddress(job.stream)}>{job.stream}</a>
            </dd>
          </>
        )}
        {job.reason && (
          <>
            <dt>{t.jobs.reason}</dt>
            <dd>
              {job.reason} <code>{job.error_code}</code>
            </dd>
          </>
        )}
        {job.params && (
          <>
            <dt>{t.jobs.params}</dt>
            <dd>{JSON.stringify(job.params)}</dd>
          </>
        )}
        {job.trace_id && (
          <>
            <dt>{t.system.trace}</dt>
            <dd>
              <TraceLink id={job.trace_id} />
            </dd>
          </>
        )}
        {job.attempts.map((attempt) => (
          <Attempt key={attempt.number} attempt={attempt} timeOf={timeOf} />
        ))}
      </dl>
      <JobLogText job={job} />
      <JobActions job={job} />
    </div>
  );
}

function Attempt({
  attempt,
  timeOf,
}: {
  attempt: JobDetail["attempts"][number];
  timeOf: (at: string) => string;
}) {
  const { t } = useReader();
  return (
    <>
      <dt>{t.jobs.attempt(attempt.number)}</dt>
      <dd>
        {t.jobs.attemptStates[attempt.state]} · {attempt.worker} · {timeOf(attempt.started_at)}
        {attempt.reason && ` · ${attempt.reason}`}
      </dd>
    </>
  );
}

function JobActions({ job }: { job: JobDetail }) {
  const { t } = useReader();
  const may = useMay();
  const queries = useQueryClient();
  const [isCancelling, setCancelling] = useState(false);
  const repeating = useMutation({
    mutationFn: () => repeatJob(job),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["jobs"] }),
  });
  const result = may("recordings:read") ? resultPath(job) : null;
  return (
    <div className="dialog-actions">
      {repeating.error && <Failure error={repeating.error} />}
      {repeating.data && <p role="status">{t.jobs.repeated(repeating.data.id)}</p>}
      {result && (
        <Button
          component="a"
          href={result}
          download
          variant="default"
          leftSection={<Icon name="download" size={18} />}
        >
          {t.jobs.result}
        </Button>
      )}
      {may("jobs:write") && isRepeatable(job) && (
        <Button
          variant="default"
          loading={repeating.isPending}
          leftSection={<Icon name="again" size={18} />}
          onClick={() => repeating.mutate()}
        >
          {t.jobs.repeat}
        </Button>
      )}
      {may("jobs:write") && isCancellable(job) && (
        <Button
          variant="default"
          leftSection={<Icon name="cross" size={18} />}
          onClick={() => setCancelling(true)}
        >
          {t.jobs.cancel}
        </Button>
      )}
      {isCancelling && (
        <ConfirmDialog
          title={t.jobs.cancelTitle(kindText(job.kind, t))}
          text={t.jobs.cancelText}
          action={t.jobs.cancel}
          refreshes="jobs"
          onConfirm={async () => {
            await cancelJob(job.id);
            await queries.invalidateQueries({ queryKey: ["job", job.id] });
          }}
          onClose={() => setCancelling(false)}
        />
      )}
    </div>
  );
}
