import { useQuery } from "@tanstack/react-query";

import { renditionsOf } from "../../api/marks";
import type { Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { LadderSwitches } from "../LadderDialog";

const EVERY_MS = 3000;

/** Which pictures are wanted of a stream, and which there are now. */
export function LadderPart({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const session = stream.live?.session;
  const looked = useQuery({
    queryKey: ["renditions", session],
    queryFn: () => renditionsOf(session ?? ""),
    enabled: session !== undefined,
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <LadderSwitches stream={stream} />
      <h3>{t.stream.renditions}</h3>
      {!session && <p className="hint">{t.stream.renditionsOff}</p>}
      {looked.error && <Failure error={looked.error} onRetry={() => void looked.refetch()} />}
      <ul className="renditions" aria-label={t.stream.renditions}>
        {looked.data?.renditions.map((each) => (
          <li key={each.name}>
            <code>{each.name}</code>
            <span>{each.width && each.height ? `${each.width} × ${each.height}` : "–"}</span>
            <span className="state" data-state={SHADES[each.state]}>
              {t.stream.renditionStates[each.state]}
            </span>
            {each.detail && <small>{each.detail}</small>}
          </li>
        ))}
      </ul>
    </>
  );
}

/** The colours of a stream's own states. */
const SHADES = {
  live: "live",
  starting: "starting",
  planned: "offline",
  left_out: "offline",
  failed: "waiting",
  ended: "offline",
} as const;
