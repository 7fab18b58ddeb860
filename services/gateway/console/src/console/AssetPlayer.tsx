import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { useReader } from "../i18n/Reader";
import type { Engine } from "../playback/engine";
import { startHLS } from "../playback/hls";

/** Plays something recorded with the browser's own controls. A download of its own: hls.js. */
export default function AssetPlayer({ url, name }: { url: string; name: string }) {
  const { t } = useReader();
  const video = useRef<HTMLVideoElement>(null);
  const [tries, setTries] = useState(0);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    if (!video.current) return undefined;
    const address = new URL(url, location.href).href;
    const engine: Engine = startHLS(video.current, address, (why) => setBroken(why !== "ended"));
    return () => engine.destroy();
  }, [url, tries]);
  useEffect(() => video.current?.focus({ preventScroll: true }), []);
  const again = () => {
    setBroken(false);
    setTries(tries + 1);
  };
  return (
    <>
      <video ref={video} className="screen-picture" aria-label={name} controls autoPlay playsInline />
      {isBroken && (
        <div className="screen-broken" role="alert">
          <p>{t.playerBroken}</p>
          <Button size="compact-md" variant="default" onClick={again}>
            {t.tryAgain}
          </Button>
        </div>
      )}
    </>
  );
}
