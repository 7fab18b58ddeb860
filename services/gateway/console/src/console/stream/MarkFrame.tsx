import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";

import type { Mark } from "../../api/marks";
import { askPoster } from "../../api/poster";
import type { Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { useOwnToken } from "../own-link";
import type { Size } from "./frame";
import { PlacedMark } from "./PlacedMark";

const EVERY_MS = 30_000;
/** Until the first is there. */
const SOON_MS = 3000;

/** A still of the stream with the marks on it, which are dragged about. */
export function MarkFrame({
  stream,
  size,
  marks,
  chosen,
  onChoose,
  onChange,
}: {
  stream: Stream;
  size: Size;
  marks: Mark[];
  chosen: number;
  onChoose: (at: number) => void;
  onChange: (at: number, mark: Mark) => void;
}) {
  const { t } = useReader();
  const svg = useRef<SVGSVGElement>(null);
  const own = useOwnToken(stream.id, stream.view_policy);
  const path = `${own.token ? `/~${own.token}` : ""}/watch/${stream.id}/poster.jpg`;
  const still = useQuery({
    queryKey: ["live-still", stream.id],
    queryFn: () => askPoster(path),
    enabled: own.isReady && stream.is_live,
    refetchInterval: ({ state }) => (state.data === "there" ? EVERY_MS : SOON_MS),
    retry: false,
  });
  const { width, height } = size;
  return (
    <svg
      ref={svg}
      className="mark-frame"
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label={t.stream.frame}
    >
      <rect className="mark-ground" width={width} height={height} />
      {still.data === "there" && (
        <image
          href={`${path}?at=${still.dataUpdatedAt}`}
          width={width}
          height={height}
          preserveAspectRatio="none"
        />
      )}
      {marks.map((mark, at) => (
        <PlacedMark
          key={at}
          mark={mark}
          frame={size}
          scale={() => width / (svg.current?.getBoundingClientRect().width || width)}
          isChosen={at === chosen}
          onChoose={() => onChoose(at)}
          onChange={(changed) => onChange(at, changed)}
        />
      ))}
    </svg>
  );
}
