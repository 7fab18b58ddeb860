/** An alert in words: what somebody has done. */

import type { Messages } from "../i18n/viewer-en";
import type { Alert } from "./words";

export function whatOf(alert: Alert, t: Messages, tag: string): string {
  const { kind, amount, currency } = alert;
  const paid =
    amount !== null && currency !== null
      ? new Intl.NumberFormat(tag, { style: "currency", currency }).format(Number(amount))
      : "";
  if (kind === "tip") return t.alertTip(paid);
  return kind === "subscription" ? t.alertSubscription : paid;
}
