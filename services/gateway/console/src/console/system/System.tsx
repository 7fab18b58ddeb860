import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { houseHealth } from "../../api/health";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { DeadLetters } from "./DeadLetters";
import { Figures } from "./Figures";
import { Services } from "./Services";
import { SystemTabs } from "./SystemTabs";

const EVERY_MS = 3000;

/** How Weir itself is. */
export function System() {
  const { t } = useReader();
  const health = useQuery({
    queryKey: ["health", true],
    queryFn: houseHealth,
    refetchInterval: EVERY_MS,
  });
  const state = health.data?.status;
  return (
    <>
      <SystemTabs shown="system" />
      <div className="heading">
        <div>
          <h1>{t.system.title}</h1>
          <p>{t.system.hint}</p>
        </div>
      </div>
      {health.error && <Failure error={health.error} onRetry={() => void health.refetch()} />}
      {health.isPending && <Skeleton height={88} radius="lg" />}
      {health.data && (
        <div className="verdict system-verdict" data-mood={state === "ok" ? "well" : "ill"} role="status">
          <Icon name={state === "ok" ? "check" : "warn"} size={28} />
          <div>
            <h3>{state === "ok" ? t.healthOk : t.healthDegraded}</h3>
            <p>{health.data.reasons.join(" · ") || t.system.live(health.data.live_streams ?? 0)}</p>
          </div>
        </div>
      )}
      <Figures />
      {health.data && <Services services={health.data.services} />}
      <DeadLetters />
    </>
  );
}
