/** The whole screen, and the small window over other pages. */

interface OldVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

export class Screen {
  constructor(
    private readonly root: HTMLElement,
    private readonly video: HTMLVideoElement,
  ) {}

  get canFill(): boolean {
    return document.fullscreenEnabled || "webkitEnterFullscreen" in this.video;
  }

  get isFull(): boolean {
    return document.fullscreenElement === this.root;
  }

  get canFloat(): boolean {
    return document.pictureInPictureEnabled && !this.video.disablePictureInPicture;
  }

  async toggleFull(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (document.fullscreenEnabled) await this.root.requestFullscreen();
    // iPhones fill their screen with the video alone.
    else (this.video as OldVideo).webkitEnterFullscreen?.();
  }

  async toggleFloat(): Promise<void> {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else if (this.canFloat && this.video.readyState > 0) await this.video.requestPictureInPicture();
  }
}
