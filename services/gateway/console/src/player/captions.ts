/** The captions over the picture, drawn by ourselves: above the controls, and as large as it is. */

import { element } from "./element";

export class Captions {
  readonly element = element("div", { className: "player-captions" });
  private readonly followed = new Set<TextTrack>();

  constructor(private readonly video: HTMLVideoElement) {
    video.textTracks.addEventListener("change", this.onTracks);
    video.textTracks.addEventListener("addtrack", this.onTracks);
  }

  destroy(): void {
    this.video.textTracks.removeEventListener("change", this.onTracks);
    this.video.textTracks.removeEventListener("addtrack", this.onTracks);
    for (const track of this.followed) track.removeEventListener("cuechange", this.draw);
  }

  private readonly onTracks = (): void => {
    for (const track of this.video.textTracks) {
      if (this.followed.has(track)) continue;
      this.followed.add(track);
      track.addEventListener("cuechange", this.draw);
    }
    this.draw();
  };

  private readonly draw = (): void => {
    const lines: HTMLElement[] = [];
    for (const track of this.video.textTracks) {
      // The library makes the chosen one `hidden`: its cues are told, and the browser draws none.
      if (track.mode !== "hidden" || track.kind === "metadata") continue;
      for (const cue of track.activeCues ?? []) {
        if (cue instanceof VTTCue) lines.push(element("p", {}, [cue.getCueAsHTML()]));
      }
    }
    this.element.replaceChildren(...lines);
  };
}
