import { useQuery } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";

import { fetchStoryboard } from "../api/storyboard";
import { personalPath } from "../playback/kind";
import { isWithin, type Part } from "../timeline/footage";
import { DAY_MS, HOUR_MS, lengthOf, MINUTE_MS, placeOf, type Span } from "../timeline/span";
import { useMissingText } from "./missing-text";
import { useOwnToken } from "./own-link";
import { Picture } from "./Storyboard";
import type { Lane } from "./use-footage";

/** Each has a storyboard of its own; the more is shown, the longer they are. */
const BLOCKS_MS = [10 * MINUTE_MS, 2 * HOUR_MS, DAY_MS];
/** What is on air has none until it is over for so long. */
const SETTLED_MS = 80_000;
/** Whoever rests wants to see it; a job is begun for nobody who passes by. */
const RESTS_MS = 250;
const EVERY_MS = 3000;
const MOST_LOOKS = 60;

/** What the first stream shows at the instant that somebody points at; or why it shows nothing. */
export function HoverPicture({
  lanes,
  shown,
  at_ms,
  hasRoomAbove,
  time,
}: {
  lanes: Lane[];
  shown: Span;
  at_ms: number;
  hasRoomAbove: boolean;
  time: string;
}) {
  const textOf = useMissingText();
  const lane = lanes.find(({ footage }) => footage.parts.some((part) => isWithin(part, at_ms)));
  const part = lane?.footage.parts.find((each) => isWithin(each, at_ms));
  const missing = lanes
    .flatMap(({ footage }) => footage.missing)
    .find((each) => isWithin(each, at_ms));
  const place = Math.min(0.94, Math.max(0.06, placeOf(shown, at_ms)));
  return (
    <>
      <i className="track-pointed" style={{ left: `${placeOf(shown, at_ms) * 100}%` }} />
      <div
        className="track-hover"
        style={{ left: `${place * 100}%` }}
        data-side={sideOf(place)}
        data-below={!hasRoomAbove}
      >
        {lane && part && <TileAt lane={lane} part={part} shown={shown} at_ms={at_ms} />}
        <time>{time}</time>
        {!part && missing && <span>{textOf(missing)}</span>}
      </div>
    </>
  );
}

function TileAt({ lane, part, shown, at_ms }: { lane: Lane; part: Part; shown: Span; at_ms: number }) {
  const { id, view_policy } = lane.stream;
  const { token, isReady } = useOwnToken(id, view_policy);
  const block = blockOf(part, lengthOf(shown), at_ms);
  const view = block ? `${block.from_ms}-${block.until_ms}` : "";
  const [rested] = useDebouncedValue(view, RESTS_MS);
  const board = useQuery({
    queryKey: ["storyboard", id, view],
    queryFn: () => fetchStoryboard(personalPath(`${id}/${view}/storyboard.vtt`, token)),
    enabled: view !== "" && rested === view && isReady,
    staleTime: Infinity,
    retry: false,
    refetchInterval: ({ state }) =>
      state.data === null && state.dataUpdateCount < MOST_LOOKS ? EVERY_MS : false,
  });
  if (!block) return null;
  const at_s = (at_ms - block.from_ms) / 1000;
  const tiles = board.data ?? [];
  const tile = tiles.findLast(({ from_s }) => from_s <= at_s) ?? tiles[0];
  return (
    <div className="track-picture" data-there={tile !== undefined}>
      {tile && <Picture tile={tile} />}
    </div>
  );
}

/** The window around an instant that has a storyboard; null: it is not over yet. */
function blockOf(part: Part, shown_ms: number, at_ms: number): Span | null {
  const length_ms = BLOCKS_MS.find((each) => each >= shown_ms / 2) ?? DAY_MS;
  const begin_ms = Math.floor(at_ms / length_ms) * length_ms;
  const from_ms = Math.ceil(Math.max(part.from_ms, begin_ms));
  const until_ms = Math.floor(Math.min(part.until_ms, begin_ms + length_ms));
  const isOver = !part.isOpen || until_ms < Date.now() - SETTLED_MS;
  return isOver && until_ms > from_ms ? { from_ms, until_ms } : null;
}

function sideOf(place: number): "left" | "right" | "middle" {
  if (place < 0.2) return "left";
  return place > 0.8 ? "right" : "middle";
}
