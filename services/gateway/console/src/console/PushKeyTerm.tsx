import type { Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";

/** Until when the push key works. */
export function PushKeyTerm({ stream }: { stream: Stream }) {
  const { t, tag } = useReader();
  const date = new Date(stream.expires_at);
  const shown = date.toLocaleDateString(tag, { year: "numeric", month: "short", day: "numeric" });
  const isExpired = date.getTime() < Date.now();
  return (
    <p className="term" data-expired={isExpired}>
      {isExpired ? t.pushExpired(shown) : t.pushUntil(shown)}
    </p>
  );
}
