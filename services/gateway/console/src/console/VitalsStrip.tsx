import type { Vitals } from "../api/doctor";
import { bitsText, secondsText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";

const SILENT_S = 3;

/** What is measured of a publish, in one line of figures. */
export function VitalsStrip({ vitals }: { vitals: Vitals }) {
  const { t, tag } = useReader();
  const { picture, sound, rates } = vitals;
  const rate = picture?.frame_rate;
  const figures: [string, string][] = [
    [t.doctor.picture, picture ? sizeOf(picture) : t.doctor.none],
    [t.doctor.frameRate, rate ? `${amountOf(tag, rate)} fps` : "–"],
    [t.doctor.bitrate, rates ? bitsText(tag, rates.usual_bps) : "–"],
    [t.doctor.keyframes, picture?.gop_s ? t.doctor.every(secondsText(tag, picture.gop_s)) : "–"],
    [t.doctor.sound, sound ? soundOf(sound, t.doctor.silent) : t.doctor.none],
  ];
  return (
    <dl className="vitals">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function sizeOf({ codec, width, height }: NonNullable<Vitals["picture"]>): string {
  return width && height ? `${width} × ${height}` : codecName(codec ?? "");
}

function soundOf(sound: NonNullable<Vitals["sound"]>, silent: string): string {
  return (sound.silence_s ?? 0) > SILENT_S ? silent : codecName(sound.codec ?? "");
}

const NAMES: Record<string, string> = { avc1: "H.264", hvc1: "H.265", mp4a: "AAC", ".mp3": "MP3" };

function codecName(codec: string): string {
  return NAMES[codec] ?? codec;
}

function amountOf(tag: string, value: number): string {
  return new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }).format(value);
}
