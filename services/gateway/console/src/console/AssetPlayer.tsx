import { useEffect, useRef } from "react";

import { useReader } from "../i18n/Reader";
import { partsOf, type Place } from "../playback/kind";
import { mountPlayer } from "../player/mount";

/** The player of something recorded. A download of its own. */
export default function AssetPlayer({ url, name }: { url: string; name: string }) {
  const { t, tag } = useReader();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const wanted = { isNamed: false, hasSound: true, language: tag };
    const { unmount } = mountPlayer(box.current, placeIn(url), t, wanted);
    box.current.focus({ preventScroll: true });
    return unmount;
  }, [url, t, tag]);
  return <div ref={box} className="screen-picture" role="group" aria-label={name} tabIndex={-1} />;
}

/** Of the path of its playlist, `/[~<token>/]<stream>/<session>/index.m3u8`. */
function placeIn(url: string): Place {
  const { personal, parts } = partsOf(url);
  const [stream = "", session] = parts;
  return { stream, session, personal, kind: "hls_cmaf" };
}
