import { Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { QUOTAS, type QuotaName, readUse, type Tenant } from "../../api/tenants";
import { bytesText } from "../../i18n/amounts";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { isOfBytes } from "./tenant-draft";

const EVERY_MS = 15_000;
const FULL = 100;

/** What a tenant takes, each as a bar where it has a limit. */
export function QuotaBars({ tenant }: { tenant: Tenant }) {
  const { t, tag } = useReader();
  const looked = useQuery({
    queryKey: ["tenant-use", tenant.id],
    queryFn: () => readUse(tenant.id),
    refetchInterval: EVERY_MS,
  });
  const textOf = (name: QuotaName, amount: number) => {
    if (isOfBytes(name)) return bytesText(tag, amount);
    const count = amount.toLocaleString(tag, { maximumFractionDigits: 1 });
    return name === "job_minutes" ? t.tenancy.minutes(count) : count;
  };
  const { data } = looked;
  if (!data && looked.error) {
    return <Failure error={looked.error} onRetry={() => void looked.refetch()} />;
  }
  return (
    <dl className="quotas" aria-busy={!data}>
      {QUOTAS.map((name) => {
        const use = data?.use[name];
        const limit = tenant.quotas[name];
        const taken = use === undefined ? "…" : textOf(name, use);
        const said = limit == null ? taken : t.tenancy.useOf(taken, textOf(name, limit));
        const percent = Math.min(FULL, limit ? ((use ?? 0) / limit) * FULL : FULL);
        return (
          <div key={name} data-full={limit != null && percent >= FULL}>
            <dt>{t.tenancy.amounts[name]}</dt>
            <dd>
              {said}
              {limit != null && (
                <Progress
                  value={percent}
                  color={percent >= FULL ? "red" : "water"}
                  aria-label={t.tenancy.takes(t.tenancy.amounts[name], said)}
                />
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
