import { useEffect, useRef, useState } from "react";

import { nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { personalPath } from "../playback/kind";
import type { Clock } from "../timeline/clock";
import { Follower, type FollowerState } from "../timeline/follower";
import type { Part } from "../timeline/footage";
import { useOwnToken } from "./own-link";

/** One stream's picture at the clock's time. */
export function LanePlayer({
  stream,
  parts,
  isPending,
  clock,
  isHeard,
}: {
  stream: Stream;
  parts: Part[];
  /** Nobody knows yet what there is. */
  isPending: boolean;
  clock: Clock;
  isHeard: boolean;
}) {
  const { t } = useReader();
  const video = useRef<HTMLVideoElement>(null);
  const follower = useRef<Follower>(null);
  const [state, setState] = useState<FollowerState>("empty");
  const { token, isReady } = useOwnToken(stream.id, stream.view_policy);
  const { id } = stream;
  useEffect(() => {
    if (!video.current || !isReady) return undefined;
    const pathOf = ({ from_ms, until_ms }: { from_ms: number; until_ms: number }) =>
      personalPath(`${id}/${from_ms}-${until_ms}/index.m3u8`, token);
    const made = new Follower(id, video.current, clock, pathOf, setState);
    follower.current = made;
    return () => made.destroy();
  }, [id, token, isReady, clock]);
  useEffect(() => follower.current?.know(parts), [parts, isReady, token]);
  const empty = isPending ? t.recorded.loading : t.recorded.noPicture;
  const words = { empty, loading: t.recorded.loading, failed: t.recorded.cannotPlay };
  return (
    <figure className="screen lane-player" data-state={state}>
      <video
        ref={video}
        className="screen-picture"
        playsInline
        muted={!isHeard}
        aria-label={nameOf(stream)}
      />
      <figcaption className="screen-badge">{nameOf(stream)}</figcaption>
      {state !== "playing" && <p className="lane-state">{words[state]}</p>}
    </figure>
  );
}
