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
  const { t, tag } = useReader();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const wanted = { isNamed: false, language: tag };
    return mountPlayer(box.current, { stream, kind, personal: token }, t, wanted).unmount;
  }, [stream, kind, token, t, tag]);
  return <div ref={box} className="embedded" />;
}
