import { TextInput } from "@mantine/core";

import { QUOTAS, type QuotaName } from "../../api/tenants";
import { useReader } from "../../i18n/Reader";
import { isOfBytes, type QuotaDraft } from "./tenant-draft";

export function QuotaFields({
  draft,
  faults,
  onDraft,
}: {
  draft: QuotaDraft;
  faults: ReadonlySet<QuotaName>;
  onDraft: (draft: QuotaDraft) => void;
}) {
  const { t } = useReader();
  return (
    <fieldset className="permissions">
      <legend>{t.tenancy.quotas}</legend>
      <p className="hint">{t.tenancy.quotasHint}</p>
      <div className="quota-fields">
        {QUOTAS.map((name) => {
          const label = t.tenancy.amounts[name];
          return (
            <TextInput
              key={name}
              label={isOfBytes(name) ? t.tenancy.gigabytes(label) : label}
              description={name === "upload_bytes" ? t.tenancy.asSettingsSay : undefined}
              inputMode={isOfBytes(name) ? "decimal" : "numeric"}
              inputWrapperOrder={["label", "input", "description", "error"]}
              value={draft[name]}
              error={faults.has(name) ? t.tenancy.badNumber : null}
              onChange={(event) => onDraft({ ...draft, [name]: event.currentTarget.value })}
            />
          );
        })}
      </div>
    </fieldset>
  );
}
