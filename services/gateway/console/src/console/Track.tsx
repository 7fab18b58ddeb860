import { useMediaQuery } from "@mantine/hooks";
import { type KeyboardEvent, useId, useRef, useSyncExternalStore } from "react";

import { nameOf } from "../api/streams";
import { timeText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import type { Clock } from "../timeline/clock";
import { seenOf } from "../timeline/footage";
import { lengthOf, moved, placeOf, SECOND_MS, type Span, zoomed } from "../timeline/span";
import { ticksOf } from "../timeline/ticks";
import { HoverPicture } from "./HoverPicture";
import { LaneMarks } from "./LaneMarks";
import type { Lane } from "./use-footage";
import { useTrackGestures } from "./use-track-gestures";

/** A mark's time stands to the right of it, and fits there up to this part of the track. */
const TICKS = { wide: { most: 9, last: 0.91 }, narrow: { most: 4, last: 0.8 } };
/** Of what is shown: a step of an arrow key, and of one with Shift. */
const STEP = 0.01;
const LONG_STEP = 0.1;
const ZOOM = 1.5;

const percent = (place: number) => `${(place * 100).toFixed(3)}%`;

/** The time that is shown: a lane a stream, the playhead, and what is marked for a clip. */
export function Track({
  lanes,
  clock,
  shown,
  marked,
  onShow,
  onMark,
  onGo,
}: {
  lanes: Lane[];
  clock: Clock;
  shown: Span;
  marked: Span | null;
  onShow: (span: Span) => void;
  onMark: (span: Span) => void;
  onGo: (at_ms: number) => void;
}) {
  const { t, tag } = useReader();
  const help = useId();
  const track = useRef<HTMLDivElement>(null);
  const at_ms = useSyncExternalStore(clock.subscribe, () => Math.floor(clock.at_ms / 100) * 100);
  const play = (from_ms: number) => {
    onGo(from_ms);
    clock.play();
  };
  const { pointed, handlers } = useTrackGestures(track, { shown, onShow, onMark, onGo: play });
  const time = (instant: number) => new Date(instant).toLocaleString(tag, { hourCycle: "h23" });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now_ms = clock.at_ms;
    const step_ms = Math.max(SECOND_MS, lengthOf(shown) * (event.shiftKey ? LONG_STEP : STEP));
    const motion = lanes
      .flatMap(({ holds }) => holds)
      .filter(({ cause }) => cause === "motion")
      .map(({ from_at }) => Date.parse(from_at))
      .sort((one, other) => one - other);
    const jump = (to_ms: number | undefined) => to_ms !== undefined && onGo(to_ms);
    const actions: Record<string, () => unknown> = {
      ArrowLeft: () => onGo(now_ms - step_ms),
      ArrowRight: () => onGo(now_ms + step_ms),
      PageUp: () => onShow(moved(shown, -lengthOf(shown))),
      PageDown: () => onShow(moved(shown, lengthOf(shown))),
      Home: () => onGo(shown.from_ms),
      End: () => onGo(shown.until_ms - 1),
      "+": () => onShow(zoomed(shown, 1 / ZOOM, now_ms)),
      "=": () => onShow(zoomed(shown, 1 / ZOOM, now_ms)),
      "-": () => onShow(zoomed(shown, ZOOM, now_ms)),
      " ": () => clock.toggle(),
      i: () => onMark(withBegin(marked, now_ms)),
      o: () => onMark(withEnd(marked, now_ms)),
      n: () => jump(motion.find((each) => each > now_ms)),
      p: () => jump(motion.findLast((each) => each < now_ms - SECOND_MS)),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  const ticks = useMediaQuery("(max-width: 48em)") ? TICKS.narrow : TICKS.wide;
  const head = placeOf(shown, at_ms);
  return (
    <section className="panel track-panel">
      <div
        ref={track}
        className="track"
        role="slider"
        tabIndex={0}
        aria-label={t.recorded.timeline}
        aria-describedby={help}
        aria-valuemin={Math.round(shown.from_ms)}
        aria-valuemax={Math.round(shown.until_ms)}
        aria-valuenow={at_ms}
        aria-valuetext={time(at_ms)}
        onKeyDown={onKeyDown}
        {...handlers}
      >
        <div className="track-axis" aria-hidden="true">
          {ticksOf(shown, ticks.most, tag).map(({ at_ms: tick_ms, text, isDay }) => (
            <span key={tick_ms} data-day={isDay} style={{ left: percent(placeOf(shown, tick_ms)) }}>
              {placeOf(shown, tick_ms) <= ticks.last ? text : "\u00a0"}
            </span>
          ))}
        </div>
        {lanes.map((lane) => (
          <div className="lane" key={lane.stream.id}>
            <LaneMarks lane={lane} shown={shown} />
            <span className="lane-name">{nameOf(lane.stream)}</span>
          </div>
        ))}
        {marked && (
          <i
            className="track-marked"
            style={{
              left: percent(placeOf(shown, marked.from_ms)),
              width: percent((marked.until_ms - marked.from_ms) / lengthOf(shown)),
            }}
          />
        )}
        {head >= 0 && head <= 1 && <i className="track-head" style={{ left: percent(head) }} />}
        {pointed && <HoverPicture {...pointed} lanes={lanes} shown={shown} time={time(pointed.at_ms)} />}
      </div>
      <p className="hint" id={help}>
        {t.recorded.timelineHelp}
      </p>
      <p className="hint" role="status">
        {t.recorded.shownSpan(time(shown.from_ms), time(shown.until_ms))}
        {lanes.map((lane) => {
          const seen = timeText(tag, seenOf(lane.footage, shown) / SECOND_MS);
          return ` · ${t.recorded.laneOf(nameOf(lane.stream), seen)}`;
        })}
      </p>
    </section>
  );
}

/** A mark that begins here, and lasts at least a second. */
export function withBegin(marked: Span | null, at_ms: number): Span {
  const until_ms = marked && marked.until_ms > at_ms ? marked.until_ms : at_ms + SECOND_MS;
  return { from_ms: at_ms, until_ms };
}

export function withEnd(marked: Span | null, at_ms: number): Span {
  const from_ms = marked && marked.from_ms < at_ms ? marked.from_ms : at_ms - SECOND_MS;
  return { from_ms, until_ms: at_ms };
}
