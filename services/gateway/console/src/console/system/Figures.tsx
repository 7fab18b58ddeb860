import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";

import type { SystemFigures } from "../../api/system";
import { bytesText } from "../../i18n/amounts";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { Logs } from "./Logs";
import { useFigures } from "./use-figures";

const EVERY_MS = 5000;

/** What the house stands on: bus, database, stores and disk. */
export function Figures() {
  const { t } = useReader();
  const looked = useFigures({ everyMs: EVERY_MS });
  const figures = looked.data;
  return (
    <section className="system-part" aria-label={t.system.figures}>
      <h2>{t.system.figures}</h2>
      {looked.error && <Failure error={looked.error} onRetry={() => void looked.refetch()} />}
      {looked.isPending && <Skeleton height={132} radius="lg" />}
      {figures && (
        <>
          <ul className="figures">
            <Bus {...figures} />
            <Database {...figures} />
            <Stores {...figures} />
            <Disk {...figures} />
          </ul>
          {figures.bus.logs.length > 0 && <Logs logs={figures.bus.logs} />}
          {figures.traces_url && (
            <p className="hint">{t.system.tracesAt(new URL(figures.traces_url).host)}</p>
          )}
        </>
      )}
    </section>
  );
}

function Bus({ bus }: SystemFigures) {
  const { t, tag } = useReader();
  const waiting = bus.logs
    .flatMap(({ readers }) => readers)
    .reduce((sum, { waiting }) => sum + waiting, 0);
  const size = bus.logs.reduce((sum, log) => sum + log.size_bytes, 0);
  const most = bus.logs.reduce((sum, log) => sum + log.max_bytes, 0);
  return (
    <Figure name={t.system.bus} reason={bus.reason} value={t.system.waiting(waiting)}>
      <p>{t.system.sizeOf(bytesText(tag, size), bytesText(tag, most))}</p>
      <Meter name={t.system.bus} part={size / most} />
    </Figure>
  );
}

function Database({ database: { reason, state } }: SystemFigures) {
  const { t, tag } = useReader();
  return (
    <Figure name={t.system.database} reason={reason} value={state && DATABASES[state.kind]}>
      <p>{state && t.system.schemaOf(state.revision, bytesText(tag, state.size_bytes))}</p>
    </Figure>
  );
}

const DATABASES = { sqlite: "SQLite", postgresql: "PostgreSQL" } as const;

function Stores({ stores, database }: SystemFigures) {
  const { t, tag } = useReader();
  return stores.map(({ tier, reason, free_bytes: free }) => (
    <Figure
      key={tier}
      name={t.system.tiers[tier]}
      reason={reason}
      value={free === null ? t.system.answers : t.system.free(bytesText(tag, free))}
    >
      {tier === "hot" && database.state && (
        <p>{t.system.stored(bytesText(tag, database.state.stored_bytes))}</p>
      )}
    </Figure>
  ));
}

function Disk({ disk }: SystemFigures) {
  const { t, tag } = useReader();
  if (!disk) return null;
  const { free_bytes: free, total_bytes: total } = disk;
  return (
    <Figure name={t.system.disk} value={t.system.free(bytesText(tag, free))}>
      <p>{t.system.sizeOf(bytesText(tag, total - free), bytesText(tag, total))}</p>
      <Meter name={t.system.disk} part={1 - free / total} />
    </Figure>
  );
}

function Figure({
  name,
  reason = null,
  value,
  children,
}: {
  name: string;
  /** Why nothing is known of it. */
  reason?: string | null | undefined;
  value: ReactNode;
  children: ReactNode;
}) {
  const { t } = useReader();
  return (
    <li className="figure" data-well={reason === null}>
      <h3>{name}</h3>
      <strong>{reason === null ? value : t.system.away}</strong>
      {reason === null ? children : <p>{reason}</p>}
    </li>
  );
}

const NEARLY_FULL = 0.9;

function Meter({ name, part }: { name: string; part: number }) {
  const { t } = useReader();
  return (
    <meter
      min={0}
      max={1}
      high={NEARLY_FULL}
      optimum={0}
      value={part}
      aria-label={t.system.fullOf(name)}
    />
  );
}
