import { useEffect, useRef } from "react";

import { useReader } from "../i18n/Reader";
import type { Kind } from "../playback/kind";
import { mountPlayer } from "../player/mount";

export function EmbeddedPlayer({
  stream,
  kind,
  token,
}: {
  stream: string;
  kind: Kind;
  /** Of a signed stream. */
  token?: string | undefined;
}) {
  const { t } = useReader();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    return mountPlayer(box.current, { stream, kind, personal: token }, t, { isNamed: false });
  }, [stream, kind, token, t]);
  return <div ref={box} className="embedded" />;
}
