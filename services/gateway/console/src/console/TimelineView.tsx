import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import type { Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { Clock } from "../timeline/clock";
import { isWithin } from "../timeline/footage";
import { HOUR_MS, instantAt, notAhead, placeOf, type Span, spanAround } from "../timeline/span";
import { ClipPanel } from "./ClipPanel";
import { Failure } from "./Failure";
import { LanePlayer } from "./LanePlayer";
import { MarkLists } from "./MarkLists";
import { timelineAddress } from "./place";
import { Track } from "./Track";
import { TrackBar } from "./TrackBar";
import { type Lane, useFootage } from "./use-footage";

/** So much is shown at first. */
const FIRST_MS = HOUR_MS;
/** A recording is opened at the begin of its session, which its first picture follows. */
const NEAR_MS = 3000;
/** The playhead turns the page before it leaves it. */
const TURNS_AT = 0.97;

/** Players, one clock, the track below them, and the clip that is being marked. */
export function TimelineView({ streams, start_ms }: { streams: Stream[]; start_ms: number }) {
  const { t } = useReader();
  const [clock] = useState(() => new Clock(start_ms));
  const [shown, setShown] = useState(() => notAhead(spanAround(start_ms, FIRST_MS), Date.now()));
  const [marked, setMarked] = useState<Span | null>(null);
  const { lanes, error, isPending } = useFootage(streams, shown);
  const isPlaced = useRef(false);
  useEffect(() => {
    if (isPending || isPlaced.current) return;
    isPlaced.current = true;
    const ahead_ms = (nextSeen(lanes, clock.at_ms) ?? clock.at_ms) - clock.at_ms;
    if (ahead_ms > 0 && ahead_ms < NEAR_MS) clock.seek(clock.at_ms + ahead_ms);
  }, [clock, lanes, isPending]);
  useEffect(() => {
    clock.next = (at_ms) => nextSeen(lanes, at_ms);
  }, [clock, lanes]);
  useEffect(() => () => clock.pause(), [clock]);
  const at_ms = useSecond(clock);
  useEffect(() => {
    const address = timelineAddress(streams.map(({ id }) => id), at_ms);
    history.replaceState(history.state, "", address);
  }, [streams, at_ms]);
  useEffect(() => {
    const turn = () => {
      const place = placeOf(shown, clock.at_ms);
      if (!clock.isPlaying || (place >= 0 && place < TURNS_AT)) return;
      const by_ms = clock.at_ms - instantAt(shown, 0.1);
      setShown({ from_ms: shown.from_ms + by_ms, until_ms: shown.until_ms + by_ms });
    };
    return clock.subscribe(turn);
  }, [clock, shown]);
  const show = (span: Span) => setShown(notAhead(span, Date.now()));
  const go = (to_ms: number) => {
    clock.seek(to_ms);
    if (!isWithin(shown, to_ms)) show(spanAround(to_ms, shown.until_ms - shown.from_ms));
  };
  const tools = useMemo(() => ({ clock, lanes }), [clock, lanes]);
  return (
    <>
      {error && <Failure error={error} title={t.recorded.failedToLoad} />}
      <div className="together" data-count={streams.length}>
        {lanes.map(({ stream, footage }, index) => (
          <LanePlayer
            key={stream.id}
            stream={stream}
            parts={footage.parts}
            isPending={isPending}
            clock={clock}
            isHeard={index === 0}
          />
        ))}
      </div>
      <TrackBar clock={clock} shown={shown} onShow={show} onGo={go} />
      <Track {...tools} shown={shown} marked={marked} onShow={show} onMark={setMarked} onGo={go} />
      <ClipPanel streams={streams} clock={clock} marked={marked} onMark={setMarked} onGo={go} />
      <MarkLists lanes={lanes} shown={shown} onGo={go} />
    </>
  );
}

/** The same instant, or where the first of the streams goes on; null: none does. */
function nextSeen(lanes: Lane[], at_ms: number): number | null {
  const parts = lanes.flatMap(({ footage }) => footage.parts);
  if (parts.length === 0 || parts.some((part) => isWithin(part, at_ms))) return at_ms;
  const later = parts.filter(({ from_ms }) => from_ms > at_ms).map(({ from_ms }) => from_ms);
  return later.length > 0 ? Math.min(...later) : null;
}

/** The instant, to the second: what is written does not change with each frame. */
function useSecond(clock: Clock): number {
  return useSyncExternalStore(clock.subscribe, () => Math.floor(clock.at_ms / 1000) * 1000);
}
