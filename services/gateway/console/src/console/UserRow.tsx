import type { User } from "../api/access";
import { dayText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { ago } from "./ago";
import { useMay } from "./may";
import { MoreMenu } from "./MoreMenu";

export type UserDialog = "role" | "password" | "signOut" | "disable" | "enable" | "delete";

export function UserRow({
  user,
  isSelf,
  onOpen,
}: {
  user: User;
  isSelf: boolean;
  onOpen: (dialog: UserDialog) => void;
}) {
  const { t, tag } = useReader();
  const may = useMay();
  const { name, role, is_disabled, signed_in_at } = user;
  const seen = signed_in_at ? t.signedIn(ago(tag, signed_in_at)) : t.neverSignedIn;
  return (
    <li className="row" data-disabled={is_disabled}>
      <span className="avatar" aria-hidden="true">
        {name.slice(0, 1).toUpperCase()}
      </span>
      <div className="row-title">
        <h2 title={name}>
          {name}
          {isSelf && <small>{t.you}</small>}
        </h2>
        <p className="term">
          {seen} · {t.madeOn(dayText(tag, user.created_at))}
        </p>
      </div>
      <span className="tag" data-role={is_disabled ? undefined : role}>
        {is_disabled ? t.disabled : t.roles[role]}
      </span>
      {may("users:write") && !isSelf ? (
        <MoreMenu
          name={name}
          choices={[
            { icon: "pencil", label: t.changeRole, onChoose: () => onOpen("role") },
            { icon: "key", label: t.resetPassword, onChoose: () => onOpen("password") },
            !is_disabled && {
              icon: "out",
              label: t.signOutEverywhere,
              onChoose: () => onOpen("signOut"),
            },
            is_disabled
              ? { icon: "check", label: t.enable, onChoose: () => onOpen("enable") }
              : { icon: "lock", label: t.disable, onChoose: () => onOpen("disable") },
            {
              icon: "trash",
              label: t.deleteUser,
              isDanger: true,
              onChoose: () => onOpen("delete"),
            },
          ]}
        />
      ) : (
        <span />
      )}
    </li>
  );
}
