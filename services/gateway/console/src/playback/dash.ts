import { MediaPlayer } from "dashjs";

import type { Engine, Stop } from "./engine";

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
      // How far behind the live edge to play is what the manifest says (ServiceDescription).
      liveCatchup: { enabled: true },
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
