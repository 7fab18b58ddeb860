import { useQuery } from "@tanstack/react-query";
import { toString as drawQR } from "qrcode";
import type { ReactNode } from "react";

import { nameOf, secureServerOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { ffmpegLine } from "./ffmpeg-line";
import { PushKeyTerm } from "./PushKeyTerm";

export function PushDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  return (
    <Dialog onClose={onClose} size="lg" title={t.pushTitle(nameOf(stream))}>
      <WaysToPush stream={stream} />
    </Dialog>
  );
}

/** What to set in OBS, a shell and a phone. */
export function WaysToPush({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const secureServer = secureServerOf(stream);
  return (
    <>
      <Way title={t.pushOBS} hint={t.pushOBSHint}>
        <CopyField label={t.server} value={stream.push.server} />
        {secureServer && <CopyField label={t.secureServer} value={secureServer} />}
        <CopyField label={t.streamKey} value={stream.push.stream_key} isSecret />
      </Way>
      <Way title={t.pushFFmpeg} hint={t.pushFFmpegHint}>
        <CopyField label="$" value={ffmpegLine(stream.push.url)} isLong />
      </Way>
      <Way title={t.pushPhone} hint={t.pushPhoneHint}>
        <QR text={stream.push.url} label={t.pushQR} />
      </Way>
      <p className="hint">{t.pushSecret}</p>
      <PushKeyTerm stream={stream} />
    </>
  );
}

function Way({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  return (
    <section className="way">
      <h3>{title}</h3>
      <p>{hint}</p>
      {children}
    </section>
  );
}

function QR({ text, label }: { text: string; label: string }) {
  const drawn = useQuery({
    queryKey: ["qr", text],
    queryFn: () => drawQR(text, { type: "svg", margin: 2, errorCorrectionLevel: "M" }),
    staleTime: Infinity,
  });
  if (!drawn.data) return null;
  const address = `data:image/svg+xml,${encodeURIComponent(drawn.data)}`;
  return <img className="qr" src={address} alt={label} width={216} height={216} />;
}
