/** The buttons over the picture: play, sound, full screen; the keys K, M and F. */

import type { Messages } from "../i18n/en";
import { element, icon } from "./element";

const PLAY = "M8 5.5v13l11-6.5z";
const PAUSE = "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z";
const LOUD = "M4 9.5v5h3.5L12 19V5L7.5 9.5zM14.5 8.5a5 5 0 0 1 0 7M17 6a8.5 8.5 0 0 1 0 12";
const MUTED = "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9.5l5 5M20.5 9.5l-5 5";
const GROW = "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5";
const SHRINK = "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5";
/** The controls go away so long after the last movement. */
const IDLE_MS = 2500;

/** Put the controls into `root`; the returned function takes their listeners away. */
export function addControls(root: HTMLElement, video: HTMLVideoElement, t: Messages): () => void {
  const leaving = new AbortController();
  const { signal } = leaving;
  const play = button(() => void togglePlay(video));
  const sound = button(() => toggleSound(video));
  const screen = button(() => void toggleScreen(root));
  const unmute = element("button", {
    className: "player-unmute",
    type: "button",
    onclick: () => toggleSound(video),
  });
  unmute.append(icon(MUTED), t.unmute);
  const gap = element("span", { className: "player-gap" });
  const bar = element("div", { className: "player-bar" }, [play, sound, gap, screen]);
  root.append(unmute, bar);

  const show = () => {
    draw(play, video.paused ? PLAY : PAUSE, video.paused ? t.play : t.pause, video.paused);
    draw(sound, video.muted ? MUTED : LOUD, video.muted ? t.unmute : t.mute);
    const isFull = document.fullscreenElement !== null;
    draw(screen, isFull ? SHRINK : GROW, isFull ? t.leaveFullscreen : t.fullscreen);
    // Players start without sound, as browsers want it: until a viewer asks for it, the button says so.
    unmute.hidden = !video.muted;
    sound.hidden = video.muted;
    root.classList.toggle("paused", video.paused);
  };
  for (const event of ["play", "pause", "volumechange"]) video.addEventListener(event, show);
  document.addEventListener("fullscreenchange", show, { signal });
  screen.hidden = !document.fullscreenEnabled;
  show();
  addKeys(root, video, signal);
  hideWhenIdle(root, signal);
  return () => leaving.abort();
}

function button(onclick: () => void): HTMLButtonElement {
  return element("button", { className: "player-control", type: "button", onclick });
}

function draw(control: HTMLButtonElement, path: string, label: string, isSolid = false): void {
  control.replaceChildren(icon(path));
  control.classList.toggle("solid", isSolid || path === PAUSE);
  control.title = label;
  control.setAttribute("aria-label", label);
}

async function togglePlay(video: HTMLVideoElement): Promise<void> {
  if (!video.paused) return video.pause();
  const { seekable } = video;
  // After a pause a live viewer wants what is on now, not what was.
  if (seekable.length > 0 && Number.isFinite(seekable.end(seekable.length - 1))) {
    const end = seekable.end(seekable.length - 1);
    const buffered = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : end;
    video.currentTime = Math.max(video.currentTime, Math.min(end, buffered) - 1);
  }
  await video.play();
}

function toggleSound(video: HTMLVideoElement): void {
  video.muted = !video.muted;
}

async function toggleScreen(root: HTMLElement): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await root.requestFullscreen();
}

function addKeys(root: HTMLElement, video: HTMLVideoElement, signal: AbortSignal): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    const isElsewhere = target !== document.body && !(target instanceof Node && root.contains(target));
    if (isElsewhere || (target instanceof HTMLButtonElement && event.key === " ")) return;
    const action = {
      k: () => void togglePlay(video),
      " ": () => void togglePlay(video),
      m: () => toggleSound(video),
      f: () => void toggleScreen(root),
    }[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", onKey, { signal });
}

function hideWhenIdle(root: HTMLElement, signal: AbortSignal): void {
  let timer = 0;
  const wake = () => {
    root.classList.remove("idle");
    clearTimeout(timer);
    timer = window.setTimeout(() => root.classList.add("idle"), IDLE_MS);
  };
  for (const event of ["pointermove", "pointerdown", "keydown", "focusin"]) {
    document.addEventListener(event, wake, { signal });
  }
  wake();
}
