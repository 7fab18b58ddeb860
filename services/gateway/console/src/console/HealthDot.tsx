import { Popover, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { houseHealth } from "../api/health";
import { useReader } from "../i18n/Reader";

const EVERY_MS = 10_000;

/** The house's health in one dot; pressed, it says which service is how. */
export function HealthDot({ isSignedIn }: { isSignedIn: boolean }) {
  const { t } = useReader();
  const health = useQuery({
    queryKey: ["health", isSignedIn],
    queryFn: houseHealth,
    refetchInterval: EVERY_MS,
  });
  const state = health.error ? "unknown" : (health.data?.status ?? "pending");
  const sentence = {
    ok: t.healthOk,
    degraded: t.healthDegraded,
    unknown: t.healthUnknown,
    pending: t.connecting,
  }[state];
  return (
    <Popover position="bottom-end" radius="md" shadow="md" width={300}>
      <Popover.Target>
        <UnstyledButton className="health" data-state={state} aria-label={`${t.healthTitle}: ${sentence}`}>
          <i />
          <span>{sentence}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <strong>{sentence}</strong>
        {health.data?.reasons.map((reason) => (
          <p key={reason} className="hint">
            {reason}
          </p>
        ))}
        {health.data && health.data.services.length > 0 && (
          <ul className="services">
            {health.data.services.map((service) => (
              <li key={service.instance} data-ready={service.is_ready}>
                <span>{service.kind}</span>
                <span>{service.is_ready ? t.serviceReady : service.reason}</span>
              </li>
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
