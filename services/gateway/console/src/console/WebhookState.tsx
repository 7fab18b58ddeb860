import type { Webhook } from "../api/webhooks";
import { useReader } from "../i18n/Reader";

/** Whether a webhook gets what it wants; when not, since when, or why. */
export function WebhookState({ hook }: { hook: Webhook }) {
  const { t, tag } = useReader();
  if (!hook.is_enabled) {
    const causes = { operator: t.webhookOff, gone: t.webhookGone, failing: t.webhookGivenUp };
    return (
      <span className="state" data-state={hook.disabled_cause === "operator" ? "off" : "failed"}>
        {causes[hook.disabled_cause ?? "operator"]}
      </span>
    );
  }
  if (hook.failing_since === null) {
    return (
      <span className="state" data-state="ok">
        {t.webhookOk}
      </span>
    );
  }
  const since = new Date(hook.failing_since);
  const words = since.toLocaleString(tag, { dateStyle: "medium", timeStyle: "short" });
  return (
    <span className="state" data-state="waiting" title={t.webhookFailingSince(words)}>
      {t.webhookFailing}
    </span>
  );
}
