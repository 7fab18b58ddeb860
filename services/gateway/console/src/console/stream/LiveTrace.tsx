import { useQuery } from "@tanstack/react-query";

import { getSession } from "../../api/sessions";
import { useMay } from "../may";
import { SessionTrace } from "../SessionTrace";

/** The trace of the session that is on air. */
export function LiveTrace({ session }: { session: string }) {
  const may = useMay();
  const looked = useQuery({
    queryKey: ["session", session],
    queryFn: () => getSession(session),
    enabled: may("recordings:read"),
    staleTime: Infinity,
  });
  return <SessionTrace traceparent={looked.data?.traceparent} />;
}
