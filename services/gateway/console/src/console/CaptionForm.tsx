import { Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { addCaptions } from "../api/captions";
import { useReader } from "../i18n/Reader";
import { languageIn, languagesFor, ownNameOf } from "./caption-draft";
import { Failure } from "./Failure";
import { FileButton } from "./FileButton";
import { Icon } from "./icons";

const ACCEPTED = ".vtt,.srt,text/vtt";

/** Adds a file of captions to an asset. */
export function CaptionForm({ asset }: { asset: string }) {
  const { t, tag, language: readers } = useReader();
  const queries = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [language, setLanguage] = useState(readers === "zh" ? "zh-Hans" : "en");
  /** null: as the language calls itself. */
  const [label, setLabel] = useState<string | null>(null);
  const [is_default, setDefault] = useState(false);
  const called = (label ?? ownNameOf(language)).trim();
  const adding = useMutation({
    mutationFn: (chosen: File) => addCaptions(asset, chosen, { language, label: called, is_default }),
    onSuccess: async () => {
      setFile(null);
      setLabel(null);
      setDefault(false);
      await queries.invalidateQueries({ queryKey: ["captions", asset] });
    },
  });
  const choose = ([chosen]: File[]) => {
    if (!chosen) return;
    adding.reset();
    setFile(chosen);
    setLanguage(languageIn(chosen.name) ?? language);
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (file && called) adding.mutate(file);
      }}
    >
      <h3>{t.captionsAdd}</h3>
      <p className="hint">{t.captionsHint}</p>
      <div className="caption-file">
        <FileButton
          accept={ACCEPTED}
          variant="default"
          leftSection={<Icon name="upload" size={18} />}
          onFiles={choose}
        >
          {t.captionsChoose}
        </FileButton>
        {file && <span title={file.name}>{file.name}</span>}
      </div>
      <div className="caption-facts">
        <NativeSelect
          label={t.captionsLanguage}
          data={languagesFor(tag)}
          value={language}
          onChange={(event) => setLanguage(event.currentTarget.value)}
        />
        <TextInput
          label={t.captionsLabel}
          maxLength={64}
          value={label ?? ownNameOf(language)}
          error={called ? null : t.required}
          onChange={(event) => setLabel(event.currentTarget.value.replaceAll('"', ""))}
        />
      </div>
      <Switch
        label={t.captionsDefault}
        description={t.captionsDefaultHint}
        checked={is_default}
        onChange={(event) => setDefault(event.currentTarget.checked)}
      />
      {adding.error && <Failure error={adding.error} />}
      <div className="dialog-actions">
        <Button type="submit" disabled={!file || !called} loading={adding.isPending}>
          {t.captionsAddButton}
        </Button>
      </div>
    </form>
  );
}
