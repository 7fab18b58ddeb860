import { TextInput } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listStreams, nameOf } from "../../api/streams";
import { listViewers, type Viewer } from "../../api/viewers";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import type { Cell } from "../lists/csv";
import { CSVButton } from "../lists/CSVButton";
import { RowPlaceholders } from "../RowPlaceholders";
import { useSignedOut } from "../signed-out";
import { WatchedStream } from "./WatchedStream";

const EVERY_MS = 3000;
const COLUMNS = ["stream", "viewer", "address", "kind", "since", "token_id", "id"];

/** All who watch, by what they watch. */
export function Viewers() {
  const { t } = useReader();
  const [sought, seek] = useState("");
  const streams = useQuery({
    queryKey: ["streams"],
    queryFn: listStreams,
    refetchInterval: EVERY_MS,
  });
  const isSignedOut = useSignedOut(streams.error);
  const watched = (streams.data ?? [])
    .filter((stream) => stream.viewers.total > 0)
    .toSorted((a, b) => b.viewers.total - a.viewers.total);
  const looked = useQueries({
    queries: watched.map(({ id }) => ({
      queryKey: ["viewers", id],
      queryFn: () => listViewers(id),
      refetchInterval: EVERY_MS,
    })),
  });
  const total = watched.reduce((sum, stream) => sum + stream.viewers.total, 0);
  const rows = async (): Promise<Cell[][]> => {
    const lists = await Promise.all(watched.map(({ id }) => listViewers(id)));
    return lists.flatMap(({ viewers }, at) => viewers.map((each) => rowOf(watched[at]!.id, each)));
  };
  return (
    <>
      <div className="heading">
        <div>
          <h1>{t.viewers.title}</h1>
          <p>{t.viewers.count(total, watched.length)}</p>
        </div>
        {watched.length > 0 && <CSVButton name="viewers" columns={COLUMNS} rows={rows} />}
      </div>
      {streams.error && !isSignedOut && (
        <Failure
          error={streams.error}
          title={t.failedToLoad}
          onRetry={() => void streams.refetch()}
        />
      )}
      {streams.isPending && <RowPlaceholders />}
      {streams.isSuccess && watched.length === 0 && (
        <div className="nothing">
          <p>{t.viewers.empty}</p>
        </div>
      )}
      {watched.length > 0 && (
        <div className="filter">
          <TextInput
            label={t.viewers.seek}
            placeholder={t.viewers.seekPlaceholder}
            value={sought}
            onChange={(event) => seek(event.currentTarget.value)}
          />
        </div>
      )}
      {watched.map((stream, at) => (
        <WatchedStream
          key={stream.id}
          stream={stream}
          name={nameOf(stream)}
          viewers={looked[at]?.data?.viewers.filter((each) => isSought(each, sought))}
          isComplete={looked[at]?.data?.is_complete ?? true}
          error={looked[at]?.error ?? null}
        />
      ))}
    </>
  );
}

function rowOf(stream: string, viewer: Viewer): Cell[] {
  const { viewer: name, address, kind, since, token_id, id } = viewer;
  return [stream, name, address, kind, since, token_id, id];
}

function isSought({ viewer, address }: Viewer, sought: string): boolean {
  const wanted = sought.trim().toLowerCase();
  return `${viewer} ${address}`.toLowerCase().includes(wanted);
}
