import { nameOfTenant, OWN_TENANT, type Tenant } from "../../api/tenants";
import { dayText } from "../../i18n/amounts";
import { useReader } from "../../i18n/Reader";
import { MoreMenu } from "../MoreMenu";
import { QuotaBars } from "./QuotaBars";

export type TenantDialog = "change" | "disable" | "enable";

export function TenantRow({
  tenant,
  onOpen,
}: {
  tenant: Tenant;
  onOpen: (dialog: TenantDialog) => void;
}) {
  const { t, tag } = useReader();
  const { id, is_disabled, created_at } = tenant;
  const name = nameOfTenant(tenant);
  const isOwn = id === OWN_TENANT;
  return (
    <li className="row tenant-row" data-disabled={is_disabled}>
      <span className="avatar" aria-hidden="true">
        {name.slice(0, 1).toUpperCase()}
      </span>
      <div className="row-title">
        <h2 title={name}>{name}</h2>
        <p className="term">
          <code>{id}</code>
          {` · ${t.madeOn(dayText(tag, created_at))}`}
        </p>
      </div>
      {is_disabled || isOwn ? (
        <span className="tag">{is_disabled ? t.disabled : t.tenancy.ofInstallation}</span>
      ) : (
        <span />
      )}
      <QuotaBars tenant={tenant} />
      <MoreMenu
        name={name}
        choices={[
          { icon: "pencil", label: t.tenancy.change, onChoose: () => onOpen("change") },
          !isOwn &&
            (is_disabled
              ? { icon: "check", label: t.enable, onChoose: () => onOpen("enable") }
              : { icon: "lock", label: t.disable, onChoose: () => onOpen("disable") }),
        ]}
      />
    </li>
  );
}
