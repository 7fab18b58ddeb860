import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, useEffect, useRef, useState } from "react";

import { fetchStoryboard, type Tile } from "../api/storyboard";
import { unsigned } from "./own-link";
import { clock } from "./StateBadge";

const EVERY_MS = 3000;
/** One that is not there after so many looks could not be made. */
const MOST_LOOKS = 60;

/** Whoever moves over a recording sees what is where. It is made when somebody does so first. */
export function Storyboard({ path, duration_s }: { path: string; duration_s: number }) {
  /** 0 to 1; null: nobody points. */
  const [pointed, setPointed] = useState<number | null>(null);
  const [isWanted, setWanted] = useState(false);
  const board = useQuery({
    queryKey: ["storyboard", unsigned(path)],
    queryFn: () => fetchStoryboard(path),
    enabled: isWanted,
    staleTime: Infinity,
    retry: false,
    refetchInterval: ({ state }) =>
      state.data === null && state.dataUpdateCount < MOST_LOOKS ? EVERY_MS : false,
  });
  const point = (event: PointerEvent<HTMLElement>) => {
    if (event.pointerType !== "mouse") return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setPointed(Math.min(1, Math.max(0, (event.clientX - left) / width)));
    setWanted(true);
  };
  const at_s = (pointed ?? 0) * duration_s;
  const tiles = board.data ?? [];
  const tile = tiles.findLast(({ from_s }) => from_s <= at_s) ?? tiles[0];
  return (
    <span className="board" onPointerMove={point} onPointerLeave={() => setPointed(null)}>
      {tile && pointed !== null && (
        <>
          <Picture tile={tile} />
          <i className="board-at" style={{ width: `${pointed * 100}%` }} />
          <time className="board-time" aria-hidden="true">{clock(Math.floor(at_s))}</time>
        </>
      )}
    </span>
  );
}
export function Picture({ tile: { sheet, x, y, width, height } }: { tile: Tile }) {
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
