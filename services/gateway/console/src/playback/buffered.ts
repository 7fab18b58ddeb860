/** Jumps of a `<video>` within what has been fetched. */

/** Further behind what is buffered than this, as after a laptop's sleep, one jumps. */
const JUMP_S = 8;
const JUMP_TO_S = 0.5;

/** FLV that was in the background may be far behind what it has fetched; the others see to it. */
export function catchUp(video: HTMLVideoElement): void {
  const { buffered, currentTime } = video;
  if (buffered.length === 0) return;
  const end = buffered.end(buffered.length - 1);
  if (end - currentTime > JUMP_S) video.currentTime = end - JUMP_TO_S;
}

/** What was not sent while the publisher was away is a hole in the buffer; play goes on after it. */
export function jumpHole(video: HTMLVideoElement): void {
  const { buffered, currentTime } = video;
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) > currentTime) {
      video.currentTime = buffered.start(i) + 0.05;
      return;
    }
  }
}

/** After a pause a live viewer who cannot rewind wants what is on now, not what was. */
export function skipWhatWasMissed(video: HTMLVideoElement): void {
  const { seekable, buffered, currentTime } = video;
  if (seekable.length === 0) return;
  const end = seekable.end(seekable.length - 1);
  if (!Number.isFinite(end)) return;
  const fetched = buffered.length ? buffered.end(buffered.length - 1) : end;
  video.currentTime = Math.max(currentTime, Math.min(end, fetched) - 1);
}
