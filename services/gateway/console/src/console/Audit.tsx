import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { auditFile, listAudit } from "../api/audit";
import { useReader } from "../i18n/Reader";
import { AccessTabs } from "./AccessTabs";
import { AuditFilter, type Chosen, NOTHING_CHOSEN, wantedOf } from "./AuditFilter";
import { AuditRow } from "./AuditRow";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { RowPlaceholders } from "./RowPlaceholders";
import { useSignedOut } from "./signed-out";

/** So long after the last letter it is asked for. */
const TYPED_MS = 300;
const EVERY_MS = 5000;

/** Who did what. */
export function Audit() {
  const { t } = useReader();
  const [chosen, setChosen] = useState<Chosen>(NOTHING_CHOSEN);
  const [settled] = useDebouncedValue(chosen, TYPED_MS);
  const wanted = wantedOf(settled);
  const log = useInfiniteQuery({
    queryKey: ["audit", wanted],
    queryFn: ({ pageParam }) => listAudit(wanted, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
    placeholderData: keepPreviousData,
    // Whoever reads on is not disturbed by what is new.
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 1 ? false : EVERY_MS),
  });
  const isSignedOut = useSignedOut(log.error);
  const all = log.data?.pages.flatMap((page) => page.entries) ?? [];
  const isNarrowed = Object.values(wanted).some((value) => value !== "");
  return (
    <>
      <AccessTabs shown="audit" />
      <div className="heading">
        <div>
          <h1>{t.audit}</h1>
          <p>{t.auditHint}</p>
        </div>
        <Button
          component="a"
          href={auditFile(wanted)}
          download
          variant="default"
          leftSection={<Icon name="download" size={18} />}
        >
          {t.downloadCSV}
        </Button>
      </div>
      <AuditFilter chosen={chosen} onChosen={setChosen} />
      {log.error && !isSignedOut && (
        <Failure error={log.error} title={t.auditFailedToLoad} onRetry={() => void log.refetch()} />
      )}
      {log.isPending && <RowPlaceholders />}
      {log.isSuccess && all.length === 0 && (
        <div className="nothing">
          <p>{isNarrowed ? t.auditNothingFound : t.auditEmpty}</p>
          {isNarrowed && (
            <Button variant="default" onClick={() => setChosen(NOTHING_CHOSEN)}>
              {t.showEverything}
            </Button>
          )}
        </div>
      )}
      {all.length > 0 && (
        <ul className="rows entries" aria-label={t.audit} aria-busy={log.isPlaceholderData}>
          {all.map((entry) => (
            <AuditRow key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
      {log.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
    </>
  );
}
