/** The stream doctor's sentences in English. */
import type { Finding, FindingCode, HopName, Severity, WayKind } from "../api/doctor";

export interface FindingText {
  title: string;
  /** What is wrong, what was measured, what viewers notice. */
  cause: (finding: Finding) => string;
  /** What to change in OBS Studio, and where. */
  obs: (finding: Finding) => string;
}

/** A figure of a finding; 0 if it has none such. */
export const figure = ({ figures }: Finding, name: string): number => figures?.[name] ?? 0;

/** A figure of milliseconds, in seconds. */
export const seconds = (finding: Finding, name: string): string =>
  (figure(finding, name) / 1000).toFixed(1);

const findings: Record<FindingCode, FindingText> = {
  upload_stopped: {
    title: "Nothing arrives",
    cause: (f) =>
      `The connection is open, but nothing has come for ${figure(f, "last_s")} s. Viewers see a still picture.`,
    obs: () => "Check the network of the machine that publishes. View → Stats shows dropped frames.",
  },
  upload_slow: {
    title: "The upload is too slow",
    cause: (f) =>
      `Frames come ${seconds(f, "delay_ms")} s late: the line or the encoder does not keep up with ${figure(f, "bitrate_kbps")} kbit/s. Latency grows, then frames are lost.`,
    obs: () =>
      "Settings → Output → Bitrate: lower it by a third, and use a cable. If View → Stats says “encoding overloaded”, choose a faster preset or a smaller picture.",
  },
  upload_stalls: {
    title: "The upload stalls",
    cause: (f) =>
      `In the last minute frames were held up ${figure(f, "count")} times, for up to ${seconds(f, "longest_ms")} s. Players run dry.`,
    obs: () =>
      "Settings → Output → Bitrate: lower it. Use a cable, not Wi-Fi. Settings → Advanced → Network: “Dynamically change bitrate to manage congestion”.",
  },
  reconnects: {
    title: "The publisher keeps reconnecting",
    cause: (f) =>
      `It has come back ${figure(f, "count")} times in ten minutes. Each time viewers lose the picture for a moment.`,
    obs: () =>
      "Check the network. Settings → Output → Bitrate: lower it if connections break when there is much motion.",
  },
  too_fast: {
    title: "Faster than real time",
    cause: (f) =>
      `Media come ${figure(f, "speed")} times as fast as time passes: a file is pushed without a pace. Players cannot stay live.`,
    obs: () => "OBS keeps the pace by itself: add the file to a scene as a Media Source.",
  },
  video_stopped: {
    title: "The picture has stopped",
    cause: (f) => `There has been only sound for ${figure(f, "last_s")} s.`,
    obs: () => "Check the video source. View → Stats: “Frames missed due to rendering lag”.",
  },
  audio_stopped: {
    title: "The sound has stopped",
    cause: (f) =>
      `There has been no sound for ${figure(f, "last_s")} s. Some players wait for it with the picture.`,
    obs: () => "Settings → Audio: check that the device is still there.",
  },
  audio_missing: {
    title: "No audio track",
    cause: () => "There is a picture and no audio track. Some players and platforms refuse that.",
    obs: () => "Settings → Audio → Global Audio Devices: choose one. Silence is enough.",
  },
  audio_silent: {
    title: "Nothing to be heard",
    cause: (f) =>
      `There is an audio track, but nothing has been heard on it for ${figure(f, "silence_s")} s.`,
    obs: () =>
      "Audio Mixer: unmute the source; its meter must move. Advanced Audio Properties: its track 1 must be ticked.",
  },
  tracks_apart: {
    title: "Sound and picture are apart",
    cause: (f) =>
      figure(f, "apart_ms") > 0
        ? `By its timestamps the picture is ${figure(f, "apart_ms")} ms ahead of the sound. Lips and voice do not agree.`
        : `By its timestamps the sound is ${-figure(f, "apart_ms")} ms ahead of the picture. Lips and voice do not agree.`,
    obs: () =>
      "Audio Mixer → Advanced Audio Properties → Sync Offset: 0 ms for every source. Then restart the stream.",
  },
  gop_long: {
    title: "Keyframes are too far apart",
    cause: (f) =>
      `Up to ${figure(f, "gop_s")} s from one to the next. Players begin at a keyframe: who comes waits for it, or is that far behind.`,
    obs: () => "Settings → Output → Output Mode: Advanced → Streaming → Keyframe Interval: 2 s.",
  },
  frame_rate_unsteady: {
    title: "The frame rate is unsteady",
    cause: (f) =>
      `${figure(f, "uneven_percent")} % of the frames are out of step with ${figure(f, "frame_rate")} a second. Motion jerks.`,
    obs: () =>
      "View → Stats: frames that are missed or skipped name the reason. Settings → Video: a whole FPS value, a smaller output resolution; Settings → Output: a faster preset.",
  },
  bitrate_unsteady: {
    title: "The bit rate jumps",
    cause: (f) =>
      `From ${figure(f, "usual_kbps")} to ${figure(f, "peak_kbps")} kbit/s. A line that carries the one stalls at the other.`,
    obs: () => "Settings → Output → Rate Control: CBR, with a bitrate that the line carries.",
  },
  clock_drift: {
    title: "The publisher's clock drifts",
    cause: (f) =>
      figure(f, "ms_per_minute") > 0
        ? `It is ${figure(f, "ms_per_minute")} ms a minute too fast. In time players fall behind, and sound parts from the picture.`
        : `It is ${-figure(f, "ms_per_minute")} ms a minute too slow. In time players run dry, and sound parts from the picture.`,
    obs: () =>
      "Settings → Audio → Sample Rate: that of the devices (48 kHz). Properties of the audio source: “Use Device Timestamps” off. On a camera: switch NTP on.",
  },
  timestamp_jumps: {
    title: "Timestamps jump",
    cause: (f) =>
      `They have jumped ${figure(f, "count")} times in ten minutes. Players begin anew at each.`,
    obs: () => "Do not restart Media Sources while live. Update the driver of the capture device.",
  },
  picture_changed: {
    title: "Size or codec has changed",
    cause: (f) =>
      `From ${f.was} to ${f.now} while live. Players begin anew, and the recording has a seam.`,
    obs: () =>
      "Settings → Video → Output (Scaled) Resolution: keep it for the whole broadcast. Encoder: switch off what adapts the size to the line.",
  },
  b_frames: {
    title: "B-frames add latency",
    cause: (f) =>
      `They hold each picture back by ${figure(f, "reorder_ms")} ms. Good for quality; too much where every tenth of a second counts.`,
    obs: () =>
      "Settings → Output → Output Mode: Advanced → Streaming → Max B-frames: 0. With x264, Tune: zerolatency.",
  },
  video_missing: {
    title: "Sound only",
    cause: () => "There is no video track. That is right for radio.",
    obs: () => "Add a source with a picture to the scene.",
  },
};

const severities: Record<Severity, string> = {
  serious: "Serious",
  warning: "Warning",
  hint: "Hint",
};

const ways: Record<WayKind, string> = {
  flv: "FLV",
  hls: "HLS, low latency",
  dash: "DASH",
  hls_plain: "Other HLS players",
};

const hops: Record<HopName, { name: string; what: string }> = {
  encoder: { name: "Encoder", what: "B-frames wait for each other." },
  upload: { name: "Upload", what: "What waits before the line, more than at its best." },
  packager: { name: "Packaging", what: "A frame, until its piece is whole." },
  gateway: { name: "Delivery", what: "From inside Weir to its public door." },
  player: { name: "Player", what: "What it keeps, so as not to run dry." },
};

export const doctorEn = {
  findings,
  severities,
  ways,
  hops,
  open: (name: string) => `Doctor for ${name}`,
  title: (name: string) => `How ${name} is doing`,
  offAirHint: "Start streaming: ten seconds later the doctor says how it goes.",
  measuring: "Measuring…",
  measuringHint: "The first ten seconds are left alone: encoders begin with what they have saved up.",
  healthy: "All is well",
  healthyHint: "Picture, sound, line and clock are as they should be.",
  hintsOnly: "Well, with a hint",
  hintsOnlyHint: "Nothing is wrong; there is something to know.",
  ill: (count: number) => (count === 1 ? "One thing to mend" : `${count} things to mend`),
  illHint: "The worst comes first. Restart the stream after a change of settings.",
  picture: "Picture",
  frameRate: "Frame rate",
  bitrate: "Bit rate",
  keyframes: "Keyframes",
  sound: "Sound",
  none: "none",
  silent: "silent",
  every: (time: string) => `every ${time}`,
  inOBS: "In OBS",
  inFFmpeg: "ffmpeg",
  late: "Why is it late?",
  lateHint: "From the camera's side to the viewer's screen, as it is now. Choose a player:",
  lateKind: "Player",
  lateTotal: (total: string) => `${total} behind the publisher, at least`,
  lateNone: "There is nothing to play yet.",
  lateOf: (hop: string, time: string) => `${hop} ${time}`,
  told: "as it is told to",
};
