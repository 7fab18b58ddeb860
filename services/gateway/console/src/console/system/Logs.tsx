import type { SystemFigures } from "../../api/system";
import { bytesText } from "../../i18n/amounts";
import { useReader } from "../../i18n/Reader";

type Log = SystemFigures["bus"]["logs"][number];

/** The bus's logs, and who has not read them to the end. */
export function Logs({ logs }: { logs: Log[] }) {
  const { t, tag } = useReader();
  return (
    <ul className="rows" aria-label={t.system.logs}>
      {logs.map((log) => (
        <li key={log.name} className="bus-log">
          <strong>{log.name}</strong>
          <span>
            {t.system.messages(log.messages)} ·{" "}
            {t.system.sizeOf(bytesText(tag, log.size_bytes), bytesText(tag, log.max_bytes))}
          </span>
          <Behind log={log} />
        </li>
      ))}
    </ul>
  );
}

function Behind({ log }: { log: Log }) {
  const { t } = useReader();
  const behind = log.readers.filter(({ waiting, in_hand }) => waiting + in_hand > 0);
  if (behind.length === 0) return <span className="ready">{t.system.allRead}</span>;
  return (
    <ul className="behind">
      {behind.map(({ name, waiting, in_hand }) => (
        <li key={name}>
          <code>{name}</code> {t.system.behind(waiting, in_hand)}
        </li>
      ))}
    </ul>
  );
}
