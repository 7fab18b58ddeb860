import { useEffect, useState } from "react";

import type { Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";

/** Whether the stream is on air, and for how long. */
export function StateBadge({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const label = {
    live: t.stateLive,
    starting: t.stateStarting,
    waiting: t.stateWaiting,
    offline: t.stateOffline,
  }[stream.health];
  const hint = stream.health === "waiting" ? t.waitingHint : undefined;
  return (
    <span className="state" data-state={stream.health} title={hint}>
      {label}
      {stream.health === "live" && stream.live_since && <Elapsed since={stream.live_since} />}
    </span>
  );
}

/** How long ago `since` was, ticking. */
export function Elapsed({ since }: { since: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const elapsed_s = Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
  return <time>{clock(elapsed_s)}</time>;
}

/** 4:05, 1:00:09 */
export function clock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
