import type { Stream } from "../api/streams";
import { dayText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";

/** Until when the push key works. */
export function PushKeyTerm({ stream }: { stream: Stream }) {
  const { t, tag } = useReader();
  const date = new Date(stream.expires_at);
  const shown = dayText(tag, stream.expires_at);
  const isExpired = date.getTime() < Date.now();
  return (
    <p className="term" data-expired={isExpired}>
      {isExpired ? t.pushExpired(shown) : t.pushUntil(shown)}
    </p>
  );
}
