// The page below a stream: /<id>/flv.html, index.html, hls.html, dash.html.

import { play, type Kind, type Playing } from "./play";
import { t } from "./words";

const RETRY_MS = 2000;

interface Source {
  kind: Kind;
  file: string;
}

const SOURCES: Record<string, Source> = {
  "flv.html": { kind: "flv", file: "live.flv" },
  "index.html": { kind: "hls", file: "live.m3u8" },
  "hls.html": { kind: "hls", file: "master.m3u8" },
  "dash.html": { kind: "dash", file: "manifest.mpd" },
};

const page = location.pathname.split("/").pop() ?? "";
const source = SOURCES[page] ?? { kind: "hls" as const, file: "live.m3u8" };
const video = document.querySelector<HTMLVideoElement>("#video")!;
const state = document.querySelector<HTMLElement>("#state")!;
const unmute = document.querySelector<HTMLButtonElement>("#unmute")!;

let playing: Playing | null = null;

function show(text: string): void {
  state.textContent = text;
  state.hidden = text === "";
}

async function start(): Promise<void> {
  show(t("connecting"));
  playing = await play(source.kind, source.file, video, again);
}

function again(): void {
  playing?.stop();
  playing = null;
  show(t("waiting"));
  setTimeout(() => void start(), RETRY_MS);
}

video.addEventListener("playing", () => {
  show("");
  unmute.hidden = !video.muted;
});
video.addEventListener("waiting", () => show(t("buffering")));
video.addEventListener("timeupdate", () => show(""));
unmute.textContent = t("unmute");
unmute.addEventListener("click", () => {
  video.muted = false;
  unmute.hidden = true;
});
void start();
