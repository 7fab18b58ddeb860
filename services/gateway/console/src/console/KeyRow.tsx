import { Button } from "@mantine/core";

import { type APIKey, byNoun, verbOf } from "../api/access";
import { dayText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { ago } from "./ago";
import { Icon } from "./icons";
import { useMay } from "./may";

export function KeyRow({ apiKey, onRevoke }: { apiKey: APIKey; onRevoke: () => void }) {
  const { t, tag } = useReader();
  const may = useMay();
  const { name, id, stream_prefix, created_at, created_by, used_at, expires_at } = apiKey;
  const isExpired = expires_at !== null && Date.parse(expires_at) <= Date.now();
  const used = used_at ? t.keyUsed(ago(tag, used_at)) : t.keyNeverUsed;
  return (
    <li className="row key-row" data-disabled={isExpired}>
      <span className="avatar" aria-hidden="true">
        <Icon name="key" />
      </span>
      <div className="row-title">
        <h2 title={name}>{name}</h2>
        <p className="term">
          <code>{`weir_${id}_…`}</code>
          {` · ${used} · ${t.madeBy(created_by, dayText(tag, created_at))}`}
        </p>
        <ul className="scopes">
          {stream_prefix && (
            <li data-limit="true">{t.onlyStreams(stream_prefix)}</li>
          )}
          {[...byNoun(apiKey.permissions)].map(([noun, permissions]) => (
            <li key={noun}>
              {t.nouns[noun]} <small>{permissions.map((each) => t.verbs[verbOf(each)]).join(" · ")}</small>
            </li>
          ))}
        </ul>
      </div>
      <span className="term key-term" data-expired={isExpired}>
        {expires_at === null
          ? t.neverExpires
          : isExpired
            ? t.expiredOn(dayText(tag, expires_at))
            : t.expiresOn(dayText(tag, expires_at))}
      </span>
      {may("api_keys:write") && (
        <Button variant="default" aria-label={t.revokeNamed(name)} onClick={onRevoke}>
          {t.revoke}
        </Button>
      )}
    </li>
  );
}
