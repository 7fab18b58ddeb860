import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { listSessions, type Session } from "../api/recordings";
import { listStreams, nameOf } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { readDay } from "../timeline/day";
import { startOfDay } from "../timeline/ticks";
import { EmptyRecordings } from "./EmptyRecordings";
import { Failure } from "./Failure";
import { RecordingRow } from "./RecordingRow";
import { RowPlaceholders } from "./RowPlaceholders";
import { useSignedOut } from "./signed-out";

const EVERY_MS = 5000;

/** What was on air, by day, newest first. */
export function Recordings() {
  const { t, tag } = useReader();
  const [of, setOf] = useState("");
  const [day, setDay] = useState("");
  const streams = useQuery({ queryKey: ["streams"], queryFn: listStreams });
  const sessions = useInfiniteQuery({
    queryKey: ["sessions-of", of, day],
    queryFn: ({ pageParam }) => listSessions(of || null, pageParam, readDay(day)),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
    refetchInterval: EVERY_MS,
  });
  const error = streams.error ?? sessions.error;
  const isSignedOut = useSignedOut(error);
  const known = useMemo(() => new Map(streams.data?.map((each) => [each.id, each])), [streams.data]);
  // Videos have sessions, too; they have a page of their own. Of others nothing may be left.
  const shown = (sessions.data?.pages ?? [])
    .flatMap((page) => page.sessions)
    .filter(({ stream, cause }) => known.has(stream) && cause !== "made")
    .filter(({ size_bytes, ended_at }) => size_bytes || !ended_at);
  const isThere = streams.data && sessions.data;
  const isEmpty = isThere && shown.length === 0 && !sessions.hasNextPage;
  const isFiltered = of !== "" || readDay(day) !== null;
  const showAll = () => {
    setOf("");
    setDay("");
  };
  return (
    <>
      <div className="heading">
        <h1>{t.recordings}</h1>
        {streams.data && streams.data.length > 0 && (
          <div className="recorded-filters">
            <NativeSelect
              aria-label={t.recorded.ofStream}
              value={of}
              data={[
                { value: "", label: t.recorded.allStreams },
                ...streams.data.map((each) => ({ value: each.id, label: nameOf(each) })),
              ]}
              onChange={(event) => setOf(event.currentTarget.value)}
            />
            <TextInput
              type="date"
              aria-label={t.recorded.day}
              value={day}
              onChange={(event) => setDay(event.currentTarget.value)}
            />
          </div>
        )}
      </div>
      {error && !isSignedOut && (
        <Failure
          error={error}
          title={t.recorded.failedToLoad}
          onRetry={() => void sessions.refetch()}
        />
      )}
      {!isThere && !error && <RowPlaceholders />}
      {isEmpty && !isFiltered && <EmptyRecordings />}
      {isEmpty && isFiltered && (
        <div className="nothing">
          <p>{t.recorded.noneFound}</p>
          <Button variant="default" onClick={showAll}>
            {t.recorded.showAll}
          </Button>
        </div>
      )}
      {byDay(shown, readDay(day)?.from_ms).map(([day_ms, its]) => (
        <section key={day_ms} className="recorded-day">
          <h2>{new Date(day_ms).toLocaleDateString(tag, { dateStyle: "full" })}</h2>
          <ul className="recordings">
            {its.map((session) => {
              const stream = known.get(session.stream);
              return stream && <RecordingRow key={session.id} session={session} stream={stream} />;
            })}
          </ul>
        </section>
      ))}
      {sessions.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={sessions.isFetchingNextPage}
          onClick={() => void sessions.fetchNextPage()}
        >
          {t.recorded.more}
        </Button>
      )}
    </>
  );
}

/** By the day on which they began, where the reader is; what was on air by then is of `first_ms`. */
function byDay(sessions: Session[], first_ms = -Infinity): [number, Session[]][] {
  const days = new Map<number, Session[]>();
  for (const session of sessions) {
    const day_ms = Math.max(first_ms, startOfDay(Date.parse(session.started_at)));
    days.set(day_ms, [...(days.get(day_ms) ?? []), session]);
  }
  return [...days];
}
