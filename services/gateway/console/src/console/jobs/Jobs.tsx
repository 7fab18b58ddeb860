import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Job, listJobs, type WantedJobs } from "../../api/jobs";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import type { Cell } from "../lists/csv";
import { CSVButton } from "../lists/CSVButton";
import { RowPlaceholders } from "../RowPlaceholders";
import { useSignedOut } from "../signed-out";
import { SystemTabs } from "../system/SystemTabs";
import { JobFilter } from "./JobFilter";
import { JobRow } from "./JobRow";

const ALL: WantedJobs = { state: "", kind: "", stream: "" };
/** So long after the last letter it is asked for. */
const TYPED_MS = 300;
const EVERY_MS = 3000;
const COLUMNS = [
  "id", "kind", "state", "progress", "stream", "session", "attempt", "requested_at", "updated_at",
  "error_code", "reason",
] as const satisfies (keyof Job)[];

/** What Weir does, and did. */
export function Jobs() {
  const { t } = useReader();
  const [chosen, setChosen] = useState(ALL);
  const [wanted] = useDebouncedValue(chosen, TYPED_MS);
  const jobs = useInfiniteQuery({
    queryKey: ["jobs", wanted],
    queryFn: ({ pageParam }) => listJobs(wanted, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after ?? null,
    placeholderData: keepPreviousData,
    // Whoever reads on is not disturbed by what is new.
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 1 ? false : EVERY_MS),
  });
  const isSignedOut = useSignedOut(jobs.error);
  const all = jobs.data?.pages.flatMap((page) => page.jobs) ?? [];
  const isNarrowed = Object.values(wanted).some((value) => value !== "");
  return (
    <>
      <SystemTabs shown="jobs" />
      <div className="heading">
        <div>
          <h1>{t.jobs.title}</h1>
          <p>{t.jobs.hint}</p>
        </div>
        <CSVButton name="jobs" columns={COLUMNS} rows={() => everyRow(wanted)} />
      </div>
      <JobFilter chosen={chosen} onChosen={setChosen} />
      {jobs.error && !isSignedOut && (
        <Failure error={jobs.error} title={t.jobs.failedToLoad} onRetry={() => void jobs.refetch()} />
      )}
      {jobs.isPending && <RowPlaceholders />}
      {jobs.isSuccess && all.length === 0 && (
        <div className="nothing">
          <p>{isNarrowed ? t.jobs.nothingFound : t.jobs.empty}</p>
          {isNarrowed && (
            <Button variant="default" onClick={() => setChosen(ALL)}>
              {t.showEverything}
            </Button>
          )}
        </div>
      )}
      {all.length > 0 && (
        <ul className="rows entries" aria-label={t.jobs.title} aria-busy={jobs.isPlaceholderData}>
          {all.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
      {jobs.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={jobs.isFetchingNextPage}
          onClick={() => void jobs.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
    </>
  );
}

async function everyRow(wanted: WantedJobs): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  let after: string | null = null;
  do {
    const page = await listJobs(wanted, after);
    rows.push(...page.jobs.map((job) => COLUMNS.map((name) => job[name])));
    after = page.next_after ?? null;
  } while (after !== null);
  return rows;
}
