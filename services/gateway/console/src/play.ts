// The three ways to play a live stream. Each player is loaded only where it is used.

export type Kind = "flv" | "hls" | "dash";

export interface Playing {
  stop(): void;
}

type OnFailed = (reason: string) => void;

export async function play(kind: Kind, url: string, video: HTMLVideoElement, onFailed: OnFailed): Promise<Playing> {
  switch (kind) {
    case "flv":
      return playFLV(url, video, onFailed);
    case "hls":
      return playHLS(url, video, onFailed);
    case "dash":
      return playDASH(url, video, onFailed);
  }
}

async function playFLV(url: string, video: HTMLVideoElement, onFailed: OnFailed): Promise<Playing> {
  const { default: mpegts } = await import("mpegts.js");
  const player = mpegts.createPlayer(
    { type: "flv", isLive: true, url: new URL(url, location.href).href },
    {
      enableWorker: false,
      enableStashBuffer: false,
      liveBufferLatencyChasing: true,
      liveBufferLatencyMaxLatency: 0.6,
      liveBufferLatencyMinRemain: 0.2,
      lazyLoad: false,
      autoCleanupSourceBuffer: true,
    },
  );
  player.on(mpegts.Events.ERROR, (type: string, detail: string) => onFailed(`${type}: ${detail}`));
  player.on(mpegts.Events.LOADING_COMPLETE, () => onFailed("ended"));
  player.attachMediaElement(video);
  player.load();
  void video.play().catch(() => undefined);
  return { stop: () => player.destroy() };
}

async function playHLS(url: string, video: HTMLVideoElement, onFailed: OnFailed): Promise<Playing> {
  const { default: Hls } = await import("hls.js");
  if (!Hls.isSupported()) {
    // Safari on older phones: the platform plays HLS itself.
    video.src = url;
    return { stop: () => video.removeAttribute("src") };
  }
  const hls = new Hls({ liveSyncDuration: 3, liveMaxLatencyDuration: 10, maxLiveSyncPlaybackRate: 1.2 });
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (data.fatal) onFailed(data.details);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return { stop: () => hls.destroy() };
}

async function playDASH(url: string, video: HTMLVideoElement, onFailed: OnFailed): Promise<Playing> {
  const { MediaPlayer } = await import("dashjs");
  const player = MediaPlayer().create();
  player.updateSettings({
    streaming: { delay: { liveDelay: 3.5 }, liveCatchup: { enabled: true } },
  });
  player.on(MediaPlayer.events.ERROR, (event: unknown) => {
    const failure = event as { error?: { message?: string } };
    onFailed(failure.error?.message ?? "error");
  });
  player.initialize(video, url, true);
  return { stop: () => player.destroy() };
}
