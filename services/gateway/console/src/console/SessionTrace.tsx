import { useReader } from "../i18n/Reader";
import { TraceLink } from "./TraceLink";

/** Where the way of a session through the services is looked at, if it was traced. */
export function SessionTrace({ traceparent }: { traceparent: string | null | undefined }) {
  const { t } = useReader();
  // W3C Trace Context, 3.2.2: version, trace, parent, flags.
  const trace = traceparent?.split("-")[1];
  if (!trace) return null;
  return (
    <p className="hint">
      {t.system.trace} <TraceLink id={trace} />
    </p>
  );
}
