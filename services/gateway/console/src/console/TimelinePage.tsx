import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

import { listSessions, type Session } from "../api/recordings";
import { listStreams } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { CameraPicker } from "./CameraPicker";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { addressOf, readTimeline, timelineAddress } from "./place";
import { useSignedOut } from "./signed-out";
import { TimelineView } from "./TimelineView";

const NEAR_MS = 60_000;

/** Streams beside each other, at one time: what there is of them, and its pictures. */
export function TimelinePage() {
  const { t } = useReader();
  const hash = useSyncExternalStore(listen, () => location.hash);
  const { streams: wanted, at_ms } = readTimeline(hash);
  const streams = useQuery({ queryKey: ["streams"], queryFn: listStreams });
  const newest = useQuery({
    queryKey: ["sessions-of", wanted[0] ?? "", "newest"],
    queryFn: () => listSessions(wanted[0] ?? null, null),
    enabled: wanted.length > 0 && at_ms === null,
  });
  const isSignedOut = useSignedOut(streams.error ?? newest.error);
  const error = streams.error ?? newest.error;
  const shown = wanted.flatMap((id) => streams.data?.find((each) => each.id === id) ?? []);
  const last = newest.data?.sessions[0];
  const start_ms = at_ms ?? (last ? nearItsEnd(last) : Date.now());
  const choose = (ids: string[]) => {
    location.hash = timelineAddress(ids, readTimeline(location.hash).at_ms ?? start_ms);
  };
  const isKnown = streams.data && (at_ms !== null || newest.data || wanted.length === 0);
  return (
    <>
      <a className="back" href={addressOf("recordings")}>
        <Icon name="back" size={18} />
        {t.recorded.back}
      </a>
      <div className="heading">
        <h1>{t.recorded.timeline}</h1>
        {streams.data && <CameraPicker streams={streams.data} chosen={wanted} onChoose={choose} />}
      </div>
      {error && !isSignedOut && <Failure error={error} title={t.recorded.failedToLoad} />}
      {!isKnown && !error && <Skeleton height={320} radius="lg" />}
      {isKnown && shown.length === 0 && <p className="nothing">{t.recorded.noStreams}</p>}
      {isKnown && shown.length > 0 && (
        <TimelineView
          key={shown.map(({ id }) => id).join()}
          streams={shown}
          start_ms={start_ms}
        />
      )}
    </>
  );
}

/** Where there is something to see. */
function nearItsEnd({ started_at, ended_at }: Session): number {
  const end_ms = ended_at ? Date.parse(ended_at) : Date.now();
  return Math.max(Date.parse(started_at), end_ms - NEAR_MS);
}

function listen(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}
