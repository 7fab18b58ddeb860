import { type KeyboardEvent, type PointerEvent, useRef } from "react";

import type { Mark } from "../../api/marks";
import { useReader } from "../../i18n/Reader";
import { dragged, place, type Point, type Size } from "./frame";
import { useMarkPicture } from "./mark-picture";
import { nameOfMark } from "./mark-name";

const STEP = 1;
const STRIDE = 10;
/** What a mark whose picture cannot be had is shown as. */
const UNSEEN: Size = { width: 120, height: 60 };
const KEYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** One mark on the frame: dragged by pointer, or by the arrow keys (ten pixels with Shift). */
export function PlacedMark({
  mark,
  frame,
  scale,
  isChosen,
  onChoose,
  onChange,
}: {
  mark: Mark;
  frame: Size;
  /** Pixels of the frame for one of the screen. */
  scale: () => number;
  isChosen: boolean;
  onChoose: () => void;
  onChange: (mark: Mark) => void;
}) {
  const { t } = useReader();
  const drawn = useMarkPicture(mark).data;
  const size: Size = drawn ?? (mark.kind === "image" ? mark : UNSEEN);
  const at = place(mark, size, frame);
  const held = useRef<{ from: Point; pointer: Point } | null>(null);
  const moveTo = (point: Point) =>
    onChange({ ...mark, ...dragged(mark.anchor, point, size, frame) });

  const hold = (event: PointerEvent<SVGGElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    held.current = { from: at, pointer: { left: event.clientX, top: event.clientY } };
    onChoose();
  };
  const move = (event: PointerEvent) => {
    if (!held.current) return;
    const { from, pointer } = held.current;
    moveTo({
      left: from.left + (event.clientX - pointer.left) * scale(),
      top: from.top + (event.clientY - pointer.top) * scale(),
    });
  };
  const push = (event: KeyboardEvent) => {
    const way = KEYS[event.key];
    if (event.key === "Enter" || event.key === " ") onChoose();
    else if (!way) return;
    event.preventDefault();
    const step = event.shiftKey ? STRIDE : STEP;
    if (way) moveTo({ left: at.left + way[0] * step, top: at.top + way[1] * step });
  };
  return (
    <g
      className="placed-mark"
      data-chosen={isChosen}
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={t.stream.moveMark(nameOfMark(mark, t))}
      onPointerDown={hold}
      onPointerMove={move}
      onPointerUp={() => (held.current = null)}
      onPointerCancel={() => (held.current = null)}
      onFocus={onChoose}
      onKeyDown={push}
    >
      {drawn && <image href={drawn.url} x={at.left} y={at.top} width={size.width} height={size.height} />}
      <rect x={at.left} y={at.top} width={size.width} height={size.height} />
    </g>
  );
}
