import { Button } from "@mantine/core";

import { useReader } from "../../i18n/Reader";
import { Icon } from "../icons";

/** What has to stand in DNS for a name to lead to this host. */
function recordOf(name: string, host: string): string {
  if (host.startsWith("[")) return `${name}.  AAAA  ${host.slice(1, -1)}`;
  return /^[\d.]+$/.test(host) ? `${name}.  A  ${host}` : `${name}.  CNAME  ${host}.`;
}

/** No domain yet: what one is for, what to do, and what has to stand in DNS. */
export function EmptyDomains({ host, onAdd }: { host: string; onAdd: (() => void) | null }) {
  const { t } = useReader();
  if (!onAdd) return <p className="nothing">{t.domains.emptyForOthers}</p>;
  return (
    <section className="empty">
      <div className="empty-text">
        <h2>{t.domains.emptyTitle}</h2>
        <p>{t.domains.emptyText}</p>
        <ol>
          {t.domains.emptySteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <Button size="md" leftSection={<Icon name="plus" size={18} />} onClick={onAdd}>
          {t.domains.add}
        </Button>
      </div>
      <figure className="empty-example">
        <figcaption>{t.domains.emptyExample}</figcaption>
        <pre>
          {recordOf("push.example.org", host)}
          {"\n"}
          {recordOf("live.example.org", host)}
        </pre>
        <p>{t.domains.emptyHint}</p>
      </figure>
    </section>
  );
}
