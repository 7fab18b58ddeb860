import mpegts from "mpegts.js";

import { bufferAhead, type Engine, type Stop } from "./engine";

/** Seconds behind the newest frame at which the player aims, and from which it hurries. */
const TARGET_S = 0.25;
const HURRY_S = 0.45;

export function startFLV(
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
): Engine {
  if (!mpegts.isSupported()) {
    queueMicrotask(() => onStop("unsupported"));
    return { latency: () => null, destroy: () => undefined };
  }
  mpegts.LoggingControl.enableAll = false;
  const player = mpegts.createPlayer(
    { type: "flv", isLive: true, url },
    {
      // A stash would hold back frames until it is full.
      enableStashBuffer: false,
      liveSync: true,
      liveSyncTargetLatency: TARGET_S,
      liveSyncMaxLatency: HURRY_S,
      liveSyncPlaybackRate: 1.2,
      autoCleanupSourceBuffer: true,
    },
  );
  let isOver = false;
  const stop = (why: Stop) => {
    if (isOver) return;
    isOver = true;
    onStop(why);
  };
  player.on(mpegts.Events.LOADING_COMPLETE, () => stop("ended"));
  player.on(mpegts.Events.ERROR, () => stop("broken"));
  // The first bytes are the whole group of pictures up to now; begin at its end.
  const begin = () => {
    const { buffered } = video;
    if (buffered.length > 0) video.currentTime = Math.max(0, buffered.end(0) - TARGET_S);
  };
  video.addEventListener("playing", begin, { once: true });
  player.attachMediaElement(video);
  player.load();
  return {
    latency: () => bufferAhead(video),
    destroy() {
      isOver = true;
      video.removeEventListener("playing", begin);
      player.destroy();
    },
  };
}
