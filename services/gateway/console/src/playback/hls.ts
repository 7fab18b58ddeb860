import Hls from "hls.js";

import { bufferAhead, type Engine, type Stop } from "./engine";
import { jumpTarget } from "./jump";

export function startHLS(
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
): Engine {
  if (!Hls.isSupported()) return startNative(video, url, onStop);
  const hls = new Hls({
    // How far behind the live edge to play is what the playlist says (PART-HOLD-BACK).
    lowLatencyMode: true,
    maxLiveSyncPlaybackRate: 1.15,
    // A full second for each hiccup (the default) would never be made up again.
    liveSyncOnStallIncrease: 0.1,
    backBufferLength: 30,
    // A rung may be a gap when it is tried first: it is made once somebody asks for it.
    errorPenaltyExpireMs: 5_000,
  });
  let isOver = false;
  const stop = (why: Stop) => {
    if (isOver) return;
    isOver = true;
    onStop(why);
  };
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (error.fatal) stop("broken");
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
    const hasPicture = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (!details.live || video.paused || video.seeking || !hasPicture) return;
    const { edge: edge_s, startTimeOffset: start_s, targetduration: target_s } = details;
    const latency_s = hls.targetLatency ?? target_s;
    const keyframe = details.partList?.findLast(
      (part) => part.independent && part.start <= edge_s - latency_s,
    );
    const jump_s = jumpTarget({
      current_s: video.currentTime,
      edge_s,
      latency_s,
      target_s,
      keyframe_s: start_s === null ? (keyframe?.start ?? null) : edge_s + start_s,
      isSparse: start_s !== null,
    });
    if (jump_s !== null) video.currentTime = jump_s;
  });
  const onEnded = () => stop("ended");
  video.addEventListener("ended", onEnded);
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    latency: () => hls.latency || null,
    destroy() {
      isOver = true;
      video.removeEventListener("ended", onEnded);
      hls.destroy();
    },
  };
}

/** Browsers without MediaSource (iPhones before iOS 17) play HLS themselves. */
function startNative(
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
): Engine {
  if (!video.canPlayType("application/vnd.apple.mpegurl")) {
    queueMicrotask(() => onStop("unsupported"));
    return { latency: () => null, destroy: () => undefined };
  }
  const onEnded = () => onStop("ended");
  const onError = () => onStop("broken");
  video.addEventListener("ended", onEnded);
  video.addEventListener("error", onError);
  video.src = url;
  return {
    latency: () => bufferAhead(video),
    destroy() {
      video.removeEventListener("ended", onEnded);
      video.removeEventListener("error", onError);
      video.removeAttribute("src");
      video.load();
    },
  };
}
