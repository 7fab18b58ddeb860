import type { AuditEntry } from "../api/audit";
import { useReader } from "../i18n/Reader";
import { deedOf } from "./audit-words";
import { TraceLink } from "./TraceLink";

/** One deed; opened, it tells all that is known of it. */
export function AuditRow({ entry }: { entry: AuditEntry }) {
  const { t, tag } = useReader();
  const at = new Date(entry.at);
  const when = at.toLocaleString(tag, { dateStyle: "medium", timeStyle: "short" });
  const name = entry.actor_name || t.nobody;
  return (
    <li>
      <details className="entry">
        <summary>
          <time dateTime={entry.at}>{when}</time>
          <strong>{name}</strong>
          <span className="deed">
            {deedOf(entry, t)} <code>{entry.target}</code>
          </span>
          <span className="tag" data-outcome={entry.outcome}>
            {t.outcomes[entry.outcome]}
          </span>
        </summary>
        <dl>
          <dt>{t.when}</dt>
          <dd>{at.toLocaleString(tag, { dateStyle: "full", timeStyle: "long" })}</dd>
          <dt>{t.who}</dt>
          <dd>
            {name} · {t.actorKinds[entry.actor_kind]}
            {entry.actor && ` · ${entry.actor}`}
          </dd>
          <dt>{t.address}</dt>
          <dd>{entry.address}</dd>
          <dt>{t.request}</dt>
          <dd>
            {entry.method} {entry.target} → {entry.status}
          </dd>
          <dt>{t.requestId}</dt>
          <dd>{entry.id}</dd>
          {entry.trace_id && (
            <>
              <dt>{t.traceId}</dt>
              <dd>
                <TraceLink id={entry.trace_id} />
              </dd>
            </>
          )}
        </dl>
      </details>
    </li>
  );
}
