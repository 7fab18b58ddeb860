import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { useSyncExternalStore } from "react";

import { useReader } from "../i18n/Reader";
import type { Clock } from "../timeline/clock";
import { readDay, writeDay } from "../timeline/day";
import { lengthOf, moved, type Span, zoomed } from "../timeline/span";
import { Icon } from "./icons";

const RATES = [0.5, 1, 2, 4];
const ZOOM = 2;
const STEP = 0.5;

/** The clock, and what moves and zooms what is shown. */
export function TrackBar({
  clock,
  shown,
  onShow,
  onGo,
}: {
  clock: Clock;
  shown: Span;
  onShow: (span: Span) => void;
  onGo: (at_ms: number) => void;
}) {
  const { t, tag } = useReader();
  const at_ms = useSyncExternalStore(
    clock.subscribe,
    () => Math.floor(clock.at_ms / 1000) * 1000,
  );
  const isPlaying = useSyncExternalStore(clock.subscribe, () => clock.isPlaying);
  const rate = useSyncExternalStore(clock.subscribe, () => clock.rate);
  const step_ms = lengthOf(shown) * STEP;
  const { earlier, later, zoomIn, zoomOut } = t.recorded;
  const at = new Date(at_ms);
  return (
    <div className="track-bar">
      <Button
        leftSection={<Icon name={isPlaying ? "pause" : "play"} size={18} />}
        onClick={() => clock.toggle()}
      >
        {isPlaying ? t.recorded.pauseAll : t.recorded.playAll}
      </Button>
      <time className="track-clock" dateTime={at.toISOString()}>
        <b>{at.toLocaleTimeString(tag, { hourCycle: "h23" })}</b>
        <span>{at.toLocaleDateString(tag, { dateStyle: "medium" })}</span>
      </time>
      <NativeSelect
        aria-label={t.recorded.speed}
        className="track-rate"
        value={String(rate)}
        data={RATES.map((each) => ({ value: String(each), label: `${each}×` }))}
        onChange={(event) => clock.setRate(Number(event.currentTarget.value))}
      />
      <TextInput
        type="date"
        aria-label={t.recorded.day}
        value={writeDay(at_ms)}
        onChange={({ currentTarget: { value } }) => {
          const day = readDay(value);
          if (!day) return;
          onGo(day.from_ms);
          onShow(day);
        }}
      />
      <div className="track-moves">
        <ActionIcon aria-label={earlier} title={earlier} onClick={() => onShow(moved(shown, -step_ms))}>
          <Icon name="earlier" />
        </ActionIcon>
        <ActionIcon aria-label={zoomOut} title={zoomOut} onClick={() => onShow(zoomed(shown, ZOOM, at_ms))}>
          <Icon name="minus" />
        </ActionIcon>
        <ActionIcon
          aria-label={zoomIn}
          title={zoomIn}
          onClick={() => onShow(zoomed(shown, 1 / ZOOM, at_ms))}
        >
          <Icon name="plus" />
        </ActionIcon>
        <ActionIcon aria-label={later} title={later} onClick={() => onShow(moved(shown, step_ms))}>
          <Icon name="later" />
        </ActionIcon>
        <Button variant="default" onClick={() => onShow(moved(shown, Date.now() - shown.until_ms))}>
          {t.recorded.newest}
        </Button>
      </div>
    </div>
  );
}
