import type { Domain } from "../../api/domains";
import { dayText } from "../../i18n/amounts";
import { useReader } from "../../i18n/Reader";
import { Icon } from "../icons";
import { useMay } from "../may";
import { MoreMenu } from "../MoreMenu";

export type DomainDialogKind = "edit" | "use" | "leave" | "delete";

export function DomainRow({
  domain,
  onOpen,
}: {
  domain: Domain;
  onOpen: (dialog: DomainDialogKind) => void;
}) {
  const { t, tag } = useReader();
  const may = useMay();
  const { kind, url, is_default } = domain;
  return (
    <li className="row">
      <span className="avatar" aria-hidden="true">
        <Icon name={kind === "push" ? "push" : "globe"} />
      </span>
      <div className="row-title">
        <h2 title={url}>{url}</h2>
        <p className="term">
          {t.domains.kinds[kind]} · {t.madeOn(dayText(tag, domain.created_at))}
        </p>
      </div>
      {is_default ? (
        <span className="tag" data-role="owner">
          {t.domains.inUse}
        </span>
      ) : (
        <span />
      )}
      {may("domains:write") ? (
        <MoreMenu
          name={url}
          choices={[
            is_default
              ? { icon: "cross", label: t.domains.leave, onChoose: () => onOpen("leave") }
              : { icon: "check", label: t.domains.use, onChoose: () => onOpen("use") },
            { icon: "pencil", label: t.domains.change, onChoose: () => onOpen("edit") },
            {
              icon: "trash",
              label: t.delete,
              isDanger: true,
              onChoose: () => onOpen("delete"),
            },
          ]}
        />
      ) : (
        <span />
      )}
    </li>
  );
}
