/** What a viewer has chosen, for the next engine: ids are those of one playlist alone. */

import type { Engine } from "./engine";

export class Wanted {
  private height: number | null = null;
  private voice: string | null = null;
  private caption: string | null = null;
  private readonly left = new Set<"quality" | "voice" | "caption">();

  /** What is chosen now. */
  note(engine: Engine | null): void {
    const choices = engine?.choices?.();
    if (!choices) return;
    const { qualities, quality, voices, voice, captions, caption } = choices;
    this.height = qualities.find(({ id }) => id === quality)?.height ?? null;
    this.voice = voices.find(({ id }) => id === voice)?.name ?? null;
    this.caption = captions.find(({ id }) => id === caption)?.name ?? null;
  }

  /** There is another engine; `apply` is called as its choices come. */
  renew(): void {
    this.left.clear();
    if (this.height !== null) this.left.add("quality");
    if (this.voice !== null) this.left.add("voice");
    if (this.caption !== null) this.left.add("caption");
  }

  apply(engine: Engine | null): void {
    const choices = engine?.choices?.();
    if (!choices) return;
    const quality = choices.qualities.find(({ height }) => height === this.height);
    if (quality && this.left.delete("quality")) engine?.chooseQuality?.(quality.id);
    const voice = choices.voices.find(({ name }) => name === this.voice);
    if (voice && this.left.delete("voice")) engine?.chooseVoice?.(voice.id);
    const caption = choices.captions.find(({ name }) => name === this.caption);
    if (caption && this.left.delete("caption")) engine?.chooseCaption?.(caption.id);
  }
}
