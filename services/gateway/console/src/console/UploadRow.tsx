import { ActionIcon } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { deleteUpload, type Upload } from "../api/uploads";
import { bytesText } from "../i18n/amounts";
import type { Messages } from "../i18n/en";
import { useReader } from "../i18n/Reader";
import { fingerprintOf, isOurs } from "../uploading/fingerprint";
import { orderOf } from "../uploading/order";
import { uploads } from "../uploading/queue";
import { FileButton } from "./FileButton";
import { sentenceOf } from "./Failure";
import { Icon } from "./icons";
import { useMay } from "./may";
import { ProgressRow } from "./ProgressRow";
import { Reason } from "./Reason";

/** An upload that Weir has and this page does not send: interrupted, from elsewhere, or refused. */
export function UploadRow({ upload }: { upload: Upload }) {
  const { t, tag } = useReader();
  const queries = useQueryClient();
  const may = useMay();
  const { name, state, size_bytes, offset_bytes } = upload;
  const [isOther, setOther] = useState(false);
  const deleting = useMutation({
    mutationFn: () => deleteUpload(upload.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["uploads"] }),
  });
  const isInterrupted = state === "open" && isOurs(upload.fingerprint);
  const take = ([file]: File[]) => {
    if (!file) return;
    const isSame = fingerprintOf(file) === upload.fingerprint;
    setOther(!isSame);
    if (isSame) uploads.add([file], orderOf(upload));
  };
  const here = bytesText(tag, offset_bytes);
  const amount = size_bytes > 0 ? t.sentOf(here, bytesText(tag, size_bytes)) : here;
  const isRefused = state === "refused";
  const label = isRefused ? t.dismissNamed(name) : t.giveUpNamed(name);
  const trouble = isRefused ? (
    <Reason code={upload.error_code} reason={upload.reason} />
  ) : deleting.error ? (
    sentenceOf(deleting.error, t)
  ) : (
    isOther && t.sendingOther(name)
  );
  return (
    <ProgressRow
      name={name}
      part={size_bytes > 0 ? offset_bytes / size_bytes : null}
      state={isRefused ? "failed" : isInterrupted ? "still" : "moving"}
      facts={isRefused ? t.refused : `${amount} · ${progress(upload, t)}`}
      trouble={trouble}
    >
      {isInterrupted && may("assets:write") && (
        <FileButton variant="light" size="sm" onFiles={take}>
          {t.chooseAgain}
        </FileButton>
      )}
      {may("assets:write") && (
        <ActionIcon
          size={40}
          aria-label={label}
          title={label}
          loading={deleting.isPending}
          onClick={() => deleting.mutate()}
        >
          <Icon name="cross" size={18} />
        </ActionIcon>
      )}
    </ProgressRow>
  );
}

function progress({ state, way, fingerprint }: Upload, t: Messages): string {
  if (state === "complete") return t.inspecting;
  if (way === "import") return t.importing;
  return isOurs(fingerprint) ? t.sendingInterrupted : t.sendingElsewhere;
}
