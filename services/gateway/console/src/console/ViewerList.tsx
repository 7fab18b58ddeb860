import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import type { Stream } from "../api/streams";
import { kickViewer, type Viewer } from "../api/viewers";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";
import { useMay } from "./may";
import { Elapsed } from "./StateBadge";

export function ViewerList({ stream, viewers }: { stream: Stream; viewers: Viewer[] }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const may = useMay();
  const kicking = useMutation({
    mutationFn: (viewer: Viewer) => kickViewer(stream.id, viewer.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["viewers", stream.id] }),
  });
  return (
    <>
      {kicking.error && <Failure error={kicking.error} />}
      <ul className="viewers">
        {viewers.map((viewer) => {
          const name = viewer.viewer || viewer.address;
          return (
            <li key={viewer.id}>
              <span className="viewer-name">{name}</span>
              <span className="viewer-facts">
                {viewer.kind.toUpperCase()} · {viewer.viewer && `${viewer.address} · `}
                <Elapsed since={viewer.since} />
              </span>
              {may("viewers:write") && (
                <Button
                  variant="default"
                  size="compact-md"
                  aria-label={t.kickNamed(name)}
                  title={viewer.token_id ? t.kickHintSigned : t.kickHintPublic}
                  loading={kicking.isPending && kicking.variables.id === viewer.id}
                  onClick={() => kicking.mutate(viewer)}
                >
                  {t.kick}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
