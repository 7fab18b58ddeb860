import Hls, { type HlsConfig, type Level, type LevelDetails } from "hls.js";

import {
  bufferAhead,
  type Choices,
  type Engine,
  PLAIN_START,
  type Quality,
  type Start,
  type Stop,
  type Track,
} from "./engine";
import { clockOf } from "./hls-clock";
import { WantedLevel } from "./hls-level";
import { jumpTarget } from "./jump";

/** Further back than this the engine does not keep what was played. */
const BACK_S = 30;
const BACK_RECORDED_S = 90;
const HURRY = 1.15;
/** How much further behind than its usual distance "live" may be asked for. */
const NEAR_LIVE_S = 1;

export function startHLS(
  video: HTMLVideoElement,
  url: string,
  onStop: (why: Stop) => void,
  start: Start = PLAIN_START,
): Engine {
  if (!Hls.isSupported()) return startNative(video, url, onStop);
  const hls = new Hls(configOf(start));
  let isOver = false;
  const stop = (why: Stop) => {
    if (isOver) return;
    isOver = true;
    onStop(why);
  };
  hls.subtitleDisplay = false; // the player draws captions itself
  const quality = new WantedLevel(hls, start.position_s === null);
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (error.fatal) stop("broken");
  });
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
    const isFollowing = start.followsLive();
    // Who has gone back a little is not to be hurried on.
    hls.config.maxLiveSyncPlaybackRate = isLow(start) && isFollowing ? HURRY : 1;
    if (isFollowing) catchUp(hls, video, details);
    else if (details.live) video.playbackRate = 1;
  });
  const told = [
    Hls.Events.MANIFEST_PARSED,
    Hls.Events.LEVELS_UPDATED,
    Hls.Events.LEVEL_SWITCHED,
    Hls.Events.AUDIO_TRACKS_UPDATED,
    Hls.Events.AUDIO_TRACK_SWITCHED,
    Hls.Events.SUBTITLE_TRACKS_UPDATED,
    Hls.Events.SUBTITLE_TRACK_SWITCH,
  ] as const;
  for (const event of told) hls.on(event, () => start.onChoices());
  const onEnded = () => stop("ended");
  video.addEventListener("ended", onEnded);
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    latency: () => hls.latency || null,
    target: () => hls.targetLatency,
    clock: clockOf(hls),
    choices: () => choicesOf(hls, quality.id),
    chooseQuality: (id) => quality.choose(id),
    chooseVoice(id) {
      hls.audioTrack = id;
    },
    chooseCaption(id) {
      hls.subtitleTrack = id ?? -1;
    },
    goLive() {
      const live_s = hls.liveSyncPosition;
      if (live_s !== null && live_s - video.currentTime > NEAR_LIVE_S) video.currentTime = live_s;
    },
    destroy() {
      isOver = true;
      video.removeEventListener("ended", onEnded);
      quality.destroy();
      hls.destroy();
    },
  };
}

function isLow({ latency, position_s }: Start): boolean {
  return latency === "low" && position_s === null;
}

function configOf(start: Start): Partial<HlsConfig> {
  const { position_s } = start;
  return {
    // How far behind the live edge to play is what the playlist says (PART-HOLD-BACK).
    lowLatencyMode: isLow(start),
    maxLiveSyncPlaybackRate: isLow(start) ? HURRY : 1,
    // A full second for each hiccup (the default) would never be made up again.
    liveSyncOnStallIncrease: 0.1,
    backBufferLength: position_s === null ? BACK_S : BACK_RECORDED_S,
    // A rung may be a gap when it is tried first: it is made once somebody asks for it.
    errorPenaltyExpireMs: 5_000,
    startPosition: position_s ?? -1,
  };
}

function catchUp(hls: Hls, video: HTMLVideoElement, details: LevelDetails): void {
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
}

function choicesOf(hls: Hls, quality: number | null): Choices {
  const qualities = hls.levels.map(qualityOf);
  return {
    qualities,
    quality,
    shown: qualities[hls.currentLevel] ?? null,
    voices: hls.audioTracks.map(trackOf),
    voice: hls.audioTrack,
    captions: hls.subtitleTracks.map(trackOf),
    caption: hls.subtitleTrack < 0 ? null : hls.subtitleTrack,
  };
}

function qualityOf(level: Level, id: number): Quality {
  return { id, height: level.height, bitrate_bps: level.bitrate };
}

function trackOf({ name, lang }: { name: string; lang?: string | undefined }, id: number): Track {
  return { id, name, language: lang ?? "" };
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
