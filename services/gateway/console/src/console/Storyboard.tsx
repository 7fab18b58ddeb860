import { useIntersection } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, useEffect, useRef, useState } from "react";

import { fetchStoryboard, type Tile } from "../api/storyboard";
import { clock } from "./StateBadge";

const EVERY_MS = 3000;
/** One that is not there after so many looks could not be made. */
const MOST_LOOKS = 60;
/** So far below the window a picture is fetched already. */
const AHEAD = "400px";
/** Where in a recording a picture tells most of it, if nobody points at another. */
const TELLING = 0.2;

/** A picture of a recording; whoever moves over it sees what is where. Fetched once it is in view. */
export function Storyboard({ path, duration_s }: { path: string; duration_s: number }) {
  const { ref, entry } = useIntersection({ rootMargin: AHEAD });
  const [isSeen, setSeen] = useState(false);
  if (entry?.isIntersecting && !isSeen) setSeen(true);
  const board = useQuery({
    // A path may hold the console's token, which changes: the rest names the recording.
    queryKey: ["storyboard", path.replace(/^\/~[^/]+/, "")],
    queryFn: () => fetchStoryboard(path),
    enabled: isSeen,
    staleTime: Infinity,
    retry: false,
    refetchInterval: ({ state }) =>
      state.data === null && state.dataUpdateCount < MOST_LOOKS ? EVERY_MS : false,
  });
  const [pointed, setPointed] = useState<number | null>(null);
  const point = (event: PointerEvent<HTMLElement>) => {
    if (event.pointerType !== "mouse") return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointed(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  const at_s = (pointed ?? TELLING) * duration_s;
  const tiles = board.data ?? [];
  const tile = tiles.findLast(({ from_s }) => from_s <= at_s) ?? tiles[0];
  return (
    <span ref={ref} className="board" onPointerMove={point} onPointerLeave={() => setPointed(null)}>
      {tile && <Picture tile={tile} />}
      {tile && pointed !== null && (
        <>
          <i className="board-at" style={{ width: `${pointed * 100}%` }} />
          <time className="board-time">{clock(Math.floor(at_s))}</time>
        </>
      )}
    </span>
  );
}

function Picture({ tile: { sheet, x, y, width, height } }: { tile: Tile }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new Image();
    let isWanted = true;
    image.onload = () => {
      const context = isWanted ? canvas.current?.getContext("2d") : null;
      if (!context) return;
      Object.assign(context.canvas, { width, height });
      context.drawImage(image, x, y, width, height, 0, 0, width, height);
    };
    image.src = sheet;
    return () => {
      isWanted = false;
    };
  }, [sheet, x, y, width, height]);
  return <canvas ref={canvas} className="screen-picture" width={width} height={height} />;
}
