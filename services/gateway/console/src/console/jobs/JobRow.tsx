import { Progress } from "@mantine/core";
import { useState } from "react";

import type { Job } from "../../api/jobs";
import { useReader } from "../../i18n/Reader";
import { ago } from "../ago";
import { JobFacts } from "./JobFacts";
import { kindText } from "./job-words";

/** One job; opened, it tells how it went. */
export function JobRow({ job }: { job: Job }) {
  const { t, tag } = useReader();
  const [isOpen, setOpen] = useState(false);
  const percent = Math.round(job.progress * 100);
  return (
    <li>
      <details className="entry job-entry" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <time dateTime={job.updated_at}>{ago(tag, job.updated_at)}</time>
          <strong>{kindText(job.kind, t)}</strong>
          <span className="deed">
            {job.reason ?? job.stream} <code>{job.id}</code>
          </span>
          <span className="tag" data-outcome={job.state}>
            {t.jobs.states[job.state]}
            {job.state === "running" && percent > 0 && ` ${percent} %`}
          </span>
        </summary>
        {job.state === "running" && percent > 0 && (
          <Progress className="job-progress" value={percent} aria-label={t.jobs.progressOf(job.id)} />
        )}
        {isOpen && <JobFacts id={job.id} />}
      </details>
    </li>
  );
}
