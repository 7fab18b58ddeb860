import { VisuallyHidden } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import type { Asset } from "../api/assets";
import type { Upload } from "../api/uploads";
import type { Messages } from "../i18n/en";
import { useReader } from "../i18n/Reader";
import type { Sending } from "../uploading/queue";

/** So often progress is said aloud: at each quarter. */
const STEPS = 4;

interface Known {
  sendings: readonly Sending[];
  uploads: Upload[];
  assets: Asset[];
}

/** Says to who listens to the page what has changed on it. Refusals are alerts of their own. */
export function News({ known }: { known: Known | null }) {
  const { t } = useReader();
  const before = useRef<Map<string, string> | null>(null);
  const [news, setNews] = useState("");
  useEffect(() => {
    if (!known) return;
    const now = sentences(known, t);
    const fresh = [...now].filter(([key, sentence]) => before.current?.get(key) !== sentence);
    // What is there when the page opens is read as the page.
    if (before.current && fresh.length > 0) {
      setNews(fresh.map(([, sentence]) => sentence).join(" "));
    }
    before.current = now;
  }, [known, t]);
  return <VisuallyHidden role="status">{news}</VisuallyHidden>;
}

/** How each thing is, by its id. */
function sentences({ sendings, uploads, assets }: Known, t: Messages): Map<string, string> {
  const all = new Map<string, string>();
  for (const { key, file, state, sent, isBroken } of sendings) {
    const part = file.size > 0 ? Math.floor((sent / file.size) * STEPS) / STEPS : 0;
    if (isBroken) all.set(key, t.newsOf(file.name, t.sendingBroken));
    else if (state === "sending") all.set(key, t.newsOf(file.name, `${part * 100}%`));
  }
  for (const { id, name, state } of uploads) {
    if (state === "complete") all.set(id, t.newsOf(name, t.inspecting));
  }
  for (const { id, name, state } of assets) {
    const said = {
      waiting: t.assetMaking,
      processing: t.assetMaking,
      ready: t.assetReady,
      failed: t.assetFailed,
    };
    all.set(id, t.newsOf(name, said[state]));
  }
  return all;
}
