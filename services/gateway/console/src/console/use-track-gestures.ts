import { type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";

import { instantAt, lengthOf, moved, type Span, zoomed } from "../timeline/span";

/** A pointer that moved less has clicked. */
const CLICK_PX = 5;
const WHEEL_ZOOM = 0.0018;
/** What is shown of an instant is so high; where less is above the track, it is shown below. */
const HOVER_PX = 170;

interface Wanted {
  shown: Span;
  onShow: (span: Span) => void;
  onMark: (span: Span) => void;
  onGo: (at_ms: number) => void;
}

interface Pointed {
  at_ms: number;
  hasRoomAbove: boolean;
}

interface Drag {
  at_px: number;
  at_ms: number;
  shown: Span;
  isTouch: boolean;
  hasMoved: boolean;
}

/**
 * The mouse marks by dragging, a finger moves what is shown, two zoom it, a click or tap plays from
 * there, and the wheel zooms where it points, or moves sideways.
 */
export function useTrackGestures(track: RefObject<HTMLElement | null>, wanted: Wanted) {
  /** What the pointer is over; null: it is elsewhere. */
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const drag = useRef<Drag | null>(null);
  const fingers = useRef(new Map<number, number>());
  const latest = useRef(wanted);
  useEffect(() => {
    latest.current = wanted;
  });

  // React listens to wheels passively, and the page would scroll, too.
  useEffect(() => {
    const element = track.current;
    if (!element) return undefined;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const { shown, onShow } = latest.current;
      const { left, width } = element.getBoundingClientRect();
      const isSideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const by_px = isSideways && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (isSideways) return onShow(moved(shown, (by_px / width) * lengthOf(shown)));
      const at_ms = instantAt(shown, (event.clientX - left) / width);
      onShow(zoomed(shown, Math.exp(event.deltaY * WHEEL_ZOOM), at_ms));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, [track]);

  const instant = ({ clientX, currentTarget }: PointerEvent<HTMLElement>, shown = wanted.shown) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    return instantAt(shown, (clientX - left) / width);
  };

  return {
    pointed,
    handlers: {
      onPointerDown(event: PointerEvent<HTMLElement>) {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        fingers.current.set(event.pointerId, event.clientX);
        drag.current = {
          at_px: event.clientX,
          at_ms: instant(event),
          shown: wanted.shown,
          isTouch: event.pointerType !== "mouse",
          hasMoved: fingers.current.size > 1,
        };
      },
      onPointerMove(event: PointerEvent<HTMLElement>) {
        if (event.pointerType === "mouse") {
          const { top } = event.currentTarget.getBoundingClientRect();
          setPointed({ at_ms: instant(event), hasRoomAbove: top >= HOVER_PX });
        }
        const before_px = fingers.current.get(event.pointerId);
        const begun = drag.current;
        if (before_px === undefined || !begun) return;
        fingers.current.set(event.pointerId, event.clientX);
        if (fingers.current.size === 2) return pinch(event, before_px);
        if (Math.abs(event.clientX - begun.at_px) > CLICK_PX) begun.hasMoved = true;
        if (!begun.hasMoved) return;
        const now_ms = instant(event, begun.shown);
        if (begun.isTouch) return wanted.onShow(moved(begun.shown, begun.at_ms - now_ms));
        const [from_ms, until_ms] = [begun.at_ms, now_ms].sort((one, other) => one - other);
        if (from_ms !== undefined && until_ms !== undefined) wanted.onMark({ from_ms, until_ms });
      },
      onPointerUp(event: PointerEvent<HTMLElement>) {
        if (drag.current && !drag.current.hasMoved) wanted.onGo(instant(event));
        release(event);
      },
      onPointerCancel: release,
      onPointerLeave: () => setPointed(null),
    },
  };

  function release(event: PointerEvent<HTMLElement>): void {
    fingers.current.delete(event.pointerId);
    drag.current = null;
  }

  function pinch(event: PointerEvent<HTMLElement>, before_px: number): void {
    const other = [...fingers.current].find(([id]) => id !== event.pointerId);
    if (!other) return;
    const [, other_px] = other;
    const before = Math.abs(before_px - other_px);
    const now = Math.abs(event.clientX - other_px);
    if (before < CLICK_PX || now < CLICK_PX) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const middle = ((event.clientX + other_px) / 2 - left) / width;
    wanted.onShow(zoomed(wanted.shown, before / now, instantAt(wanted.shown, middle)));
  }
}
