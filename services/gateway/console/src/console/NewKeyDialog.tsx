import { useState } from "react";

import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { NewKeyForm } from "./NewKeyForm";
import { TellOnce } from "./TellOnce";

export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useReader();
  const [key, setKey] = useState<string | null>(null);
  return (
    <Dialog
      onClose={onClose}
      size="lg"
      isKept={key !== null}
      title={key === null ? t.newKey : t.keyMade}
    >
      {key === null ? (
        <NewKeyForm onMade={setKey} onClose={onClose} />
      ) : (
        <TellOnce hint={t.keyOnce} onClose={onClose}>
          <CopyField label="x-api-key" value={key} isSecret />
          <p className="hint">{t.keyUse}</p>
          <CopyField
            label="$"
            value={`curl -H "x-api-key: $WEIR_KEY" ${location.origin}/api/v1/streams`}
            isLong
          />
        </TellOnce>
      )}
    </Dialog>
  );
}
