import { useQuery } from "@tanstack/react-query";

import { getSession } from "../../api/sessions";
import { useReader } from "../../i18n/Reader";
import { useMay } from "../may";
import { TraceLink } from "../TraceLink";

/** Where the way of a session through the services is looked at, if it was traced. */
export function SessionTrace({ session }: { session: string }) {
  const { t } = useReader();
  const may = useMay();
  const looked = useQuery({
    queryKey: ["session", session],
    queryFn: () => getSession(session),
    enabled: may("recordings:read"),
    staleTime: Infinity,
  });
  // W3C Trace Context, 3.2.2: version, trace, parent, flags.
  const trace = looked.data?.traceparent?.split("-")[1];
  if (!trace) return null;
  return (
    <p className="hint">
      {t.system.trace} <TraceLink id={trace} />
    </p>
  );
}
