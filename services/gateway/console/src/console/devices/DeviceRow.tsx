import type { Device } from "../../api/devices";
import { useReader } from "../../i18n/Reader";
import { ago } from "../ago";
import { Icon } from "../icons";
import { streamAddress, timelineAddress } from "../place";

export function DeviceRow({ device }: { device: Device }) {
  const { t, tag } = useReader();
  const { id, api, client, stream, has_stream, is_live, seen_at } = device;
  const seen = seen_at ? t.devices.seen(ago(tag, seen_at)) : t.devices.neverSeen;
  const pushes =
    api === "kinesis" ? t.devices.pushesMedia : t.devices.pushesNotes(device.notes);
  return (
    <li className="row device" data-disabled={!has_stream}>
      <span className="avatar" aria-hidden="true">
        <Icon name="camera" />
      </span>
      <div className="row-title">
        <h2 title={id}>
          {id}
          {client && <small>{client}</small>}
        </h2>
        <p className="term">
          {seen} · {pushes}
        </p>
        <p className="device-links">
          {has_stream ? (
            <a href={streamAddress(stream)}>{t.devices.stream(stream)}</a>
          ) : (
            <span>{t.devices.noStream(stream)}</span>
          )}
          {has_stream && seen_at && (
            <a href={timelineAddress([stream], Date.parse(seen_at))}>
              {device.motion_clips > 0
                ? t.devices.motionClips(device.motion_clips)
                : t.devices.timeline}
            </a>
          )}
        </p>
      </div>
      <span className="state" data-state={is_live ? "live" : "offline"}>
        {is_live ? t.devices.live : t.devices.quiet}
      </span>
    </li>
  );
}
