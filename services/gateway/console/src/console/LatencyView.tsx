import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { latencyOf, type Way, type WayKind } from "../api/doctor";
import { secondsText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";

const EVERY_MS = 2000;

/** How late a player is now, and where the time goes. */
export function LatencyView({ stream }: { stream: string }) {
  const { t, tag } = useReader();
  const looked = useQuery({
    queryKey: ["latency", stream],
    queryFn: () => latencyOf(stream),
    refetchInterval: EVERY_MS,
  });
  const [kind, setKind] = useState<WayKind>("hls");
  const ways = looked.data?.ways ?? [];
  const way = ways.find((each) => each.kind === kind);
  return (
    <section className="latency">
      <h3>{t.doctor.late}</h3>
      {looked.error && <Failure error={looked.error} onRetry={() => void looked.refetch()} />}
      {looked.data && ways.length === 0 && <p>{t.doctor.lateNone}</p>}
      {way && (
        <>
          <p>{t.doctor.lateHint}</p>
          <SegmentedControl<WayKind>
            fullWidth
            aria-label={t.doctor.lateKind}
            value={kind}
            onChange={setKind}
            data={inOrder(ways).map(({ kind: each, total_ms }) => ({
              value: each,
              label: (
                <span className="latency-kind">
                  {t.doctor.ways[each]} <b>{secondsText(tag, total_ms / 1000)}</b>
                </span>
              ),
            }))}
          />
          <Hops way={way} />
        </>
      )}
    </section>
  );
}

/** Choices stay where they are, however late each is. */
const ORDER: readonly WayKind[] = ["flv", "hls", "dash", "hls_plain"];

function inOrder(ways: Way[]): Way[] {
  return ways.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

function Hops({ way }: { way: Way }) {
  const { t, tag } = useReader();
  const timeOf = (ms: number) => secondsText(tag, ms / 1000);
  const told = way.hops.map((hop) => t.doctor.lateOf(t.doctor.hops[hop.name].name, timeOf(hop.ms)));
  return (
    <>
      <p className="latency-total">{t.doctor.lateTotal(timeOf(way.total_ms))}</p>
      <div className="latency-bar" role="img" aria-label={told.join(" · ")}>
        {way.hops
          .filter((hop) => hop.ms > 0)
          .map((hop) => (
            <i key={hop.name} data-hop={hop.name} style={{ flexGrow: hop.ms }} />
          ))}
      </div>
      <ol className="hops">
        {way.hops.map((hop) => (
          <li key={hop.name} data-hop={hop.name}>
            <span className="hop-name">{t.doctor.hops[hop.name].name}</span>
            <span className="hop-time">{timeOf(hop.ms)}</span>
            <small>
              {t.doctor.hops[hop.name].what}
              {!hop.is_measured && ` (${t.doctor.told})`}
            </small>
          </li>
        ))}
      </ol>
    </>
  );
}
