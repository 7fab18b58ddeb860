import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listDomains } from "../../api/domains";
import { useReader } from "../../i18n/Reader";
import { CopyField } from "../CopyField";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { useMay } from "../may";
import { RowPlaceholders } from "../RowPlaceholders";
import { useSignedOut } from "../signed-out";
import { SystemTabs } from "../system/SystemTabs";
import { DomainDialog } from "./DomainDialog";
import { DomainList } from "./DomainList";
import { EmptyDomains } from "./EmptyDomains";

/** Where publishers push to and viewers watch, as all URLs say it. */
export function Domains() {
  const { t } = useReader();
  const may = useMay();
  const [isAdding, setAdding] = useState(false);
  const found = useQuery({ queryKey: ["domains"], queryFn: listDomains });
  const isSignedOut = useSignedOut(found.error);
  const all = found.data?.domains ?? [];
  const mayWrite = may("domains:write");
  return (
    <>
      <SystemTabs shown="domains" />
      <div className="heading">
        <div>
          <h1>{t.domains.title}</h1>
          <p>{t.domains.hint}</p>
        </div>
        {all.length > 0 && mayWrite && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setAdding(true)}>
            {t.domains.add}
          </Button>
        )}
      </div>
      {found.error && !isSignedOut && (
        <Failure
          error={found.error}
          title={t.domains.failedToLoad}
          onRetry={() => void found.refetch()}
        />
      )}
      {found.isPending && <RowPlaceholders />}
      {found.data && (
        <section className="in-use" aria-label={t.domains.inUse}>
          <CopyField label={t.domains.kinds.push} value={found.data.push} />
          <CopyField label={t.domains.kinds.pull} value={found.data.pull} />
        </section>
      )}
      {found.data && all.length === 0 && (
        <EmptyDomains
          host={new URL(found.data.pull).hostname}
          onAdd={mayWrite ? () => setAdding(true) : null}
        />
      )}
      {all.length > 0 && <DomainList domains={all} />}
      {isAdding && (
        <DomainDialog domain={null} isFirst={all.length === 0} onClose={() => setAdding(false)} />
      )}
    </>
  );
}
