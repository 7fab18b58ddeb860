import { useQuery } from "@tanstack/react-query";

import { type Device, listDevices } from "../../api/devices";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { CSVButton } from "../lists/CSVButton";
import { RowPlaceholders } from "../RowPlaceholders";
import { useSignedOut } from "../signed-out";
import { DeviceRow } from "./DeviceRow";
import { EmptyDevices } from "./EmptyDevices";

const EVERY_MS = 5000;
const COLUMNS = [
  "id", "api", "client", "stream", "seen_at", "notes", "motion_clips",
] as const satisfies (keyof Device)[];

/** Cameras and phones: when each was seen, and what it pushes. */
export function Devices() {
  const { t } = useReader();
  const found = useQuery({
    queryKey: ["devices"],
    queryFn: listDevices,
    refetchInterval: EVERY_MS,
  });
  const isSignedOut = useSignedOut(found.error);
  const all = found.data?.devices ?? [];
  const everyRow = async () => {
    const { devices } = await listDevices();
    return devices.map((device) => COLUMNS.map((name) => device[name]));
  };
  return (
    <>
      <div className="heading">
        <div>
          <h1>{t.devices.title}</h1>
          <p>{t.devices.hint}</p>
        </div>
        {all.length > 0 && <CSVButton name="devices" columns={COLUMNS} rows={everyRow} />}
      </div>
      {found.error && !isSignedOut && (
        <Failure
          error={found.error}
          title={t.devices.failedToLoad}
          onRetry={() => void found.refetch()}
        />
      )}
      {found.isPending && <RowPlaceholders />}
      {found.data && all.length === 0 && <EmptyDevices />}
      {all.length > 0 && (
        <ul className="rows" aria-label={t.devices.title}>
          {all.map((device) => (
            <DeviceRow key={`${device.api}/${device.id}/${device.stream}`} device={device} />
          ))}
        </ul>
      )}
      {found.data?.is_cut && <p className="hint">{t.devices.cut(all.length)}</p>}
    </>
  );
}
