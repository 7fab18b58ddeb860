import { useReader } from "../i18n/Reader";
import { Icon } from "./icons";
import { useFigures } from "./system/use-figures";

/** The id of a trace; where traces are looked at is known, a link to it. */
export function TraceLink({ id }: { id: string }) {
  const { t } = useReader();
  const template = useFigures({ everyMs: false }).data?.traces_url;
  if (!template) return <code>{id}</code>;
  return (
    <a
      className="trace"
      href={template.replace("{trace}", id)}
      target="_blank"
      rel="noreferrer"
      title={t.system.openTrace}
    >
      <code>{id}</code>
      <Icon name="open" size={16} />
    </a>
  );
}
