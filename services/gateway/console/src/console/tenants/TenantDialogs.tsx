import { changeTenant, nameOfTenant, type Tenant } from "../../api/tenants";
import { useReader } from "../../i18n/Reader";
import { ConfirmDialog } from "../ConfirmDialog";
import { ChangeDialog } from "./ChangeDialog";
import type { TenantDialog } from "./TenantRow";

export function TenantDialogs({
  tenant,
  dialog,
  onClose,
}: {
  tenant: Tenant;
  dialog: TenantDialog;
  onClose: () => void;
}) {
  const { t } = useReader();
  const name = nameOfTenant(tenant);
  const common = { refreshes: "tenants", onClose };
  switch (dialog) {
    case "change":
      return <ChangeDialog tenant={tenant} onClose={onClose} />;
    case "disable":
      return (
        <ConfirmDialog
          {...common}
          title={t.disableTitle(name)}
          text={t.tenancy.disableText}
          action={t.disable}
          onConfirm={() => changeTenant(tenant.id, { is_disabled: true })}
        />
      );
    case "enable":
      return (
        <ConfirmDialog
          {...common}
          isHarmless
          title={t.enableTitle(name)}
          text={t.tenancy.enableText}
          action={t.enable}
          onConfirm={() => changeTenant(tenant.id, { is_disabled: false })}
        />
      );
  }
}
