import { useReader } from "../../i18n/Reader";
import { CopyField } from "../CopyField";

const NOTE = `curl -X PUT ${location.origin}/ipc-video-metadata -H 'x-api-key: …' -d '{"clientID": "lobby", "deviceID": "camera-7", "streamName": "front-door", "begTime": "1767323045000", "endTime": "1767323065000", "duration": "20"}'`;

/** No device yet: which kinds there are, and what each has to send. */
export function EmptyDevices() {
  const { t } = useReader();
  return (
    <section className="empty">
      <div className="empty-text">
        <h2>{t.devices.emptyTitle}</h2>
        <p>{t.devices.emptyText}</p>
        <ol>
          {t.devices.emptySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </div>
      <figure className="empty-example">
        <figcaption>{t.devices.emptyExample}</figcaption>
        <CopyField label="$" value={NOTE} isLong />
        <p>{t.devices.emptyHint}</p>
      </figure>
    </section>
  );
}
