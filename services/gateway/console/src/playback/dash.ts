import { MediaPlayer } from "dashjs";

import type { Engine, Stop } from "./engine";

/** Seconds behind the wall clock: a segment of two is being made, the manifest is read each second. */
const DELAY_S = 3.5;

export function startDASH(
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
): Engine {
  if (!("MediaSource" in window) && !("ManagedMediaSource" in window)) {
    queueMicrotask(() => onStop("unsupported"));
    return { latency: () => null, destroy: () => undefined };
  }
  const player = MediaPlayer().create();
  player.updateSettings({
    debug: { logLevel: 0 },
    streaming: {
      delay: { liveDelay: DELAY_S, useSuggestedPresentationDelay: false },
      liveCatchup: { enabled: true, playbackRate: { min: -0.1, max: 0.15 } },
      buffer: { bufferToKeep: 30 },
    },
  });
  let isOver = false;
  const stop = (why: Stop) => {
    if (isOver) return;
    isOver = true;
    onStop(why);
  };
  player.on(MediaPlayer.events.PLAYBACK_ENDED, () => stop("ended"));
  player.on(MediaPlayer.events.ERROR, () => stop("broken"));
  player.initialize(video, new URL(url, location.href).href, true);
  return {
    latency() {
      const latency_s = player.getCurrentLiveLatency();
      return Number.isFinite(latency_s) ? latency_s : null;
    },
    destroy() {
      isOver = true;
      player.destroy();
    },
  };
}
