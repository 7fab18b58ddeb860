/** A line to paste into a shell that pushes a file as a live stream. */
export function ffmpegLine(pushUrl: string): string {
  return (
    "ffmpeg -re -stream_loop -1 -i input.mp4 -c:v libx264 -preset veryfast -tune zerolatency " +
    `-force_key_frames "expr:gte(t,n_forced*2)" -c:a aac -f flv "${pushUrl}"`
  );
}
