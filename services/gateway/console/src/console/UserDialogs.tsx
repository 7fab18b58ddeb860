import { changeUser, deleteUser, signUserOut, type User } from "../api/access";
import { useReader } from "../i18n/Reader";
import { ConfirmDialog } from "./ConfirmDialog";
import { PasswordDialog } from "./PasswordDialog";
import { RoleDialog } from "./RoleDialog";
import type { UserDialog } from "./UserRow";

/** What is done with one user, each after asking. */
export function UserDialogs({
  user,
  dialog,
  onClose,
}: {
  user: User;
  dialog: UserDialog;
  onClose: () => void;
}) {
  const { t } = useReader();
  const { id, name } = user;
  const common = { refreshes: "users", onClose };
  switch (dialog) {
    case "role":
      return <RoleDialog user={user} onClose={onClose} />;
    case "password":
      return <PasswordDialog user={user} onClose={onClose} />;
    case "signOut":
      return (
        <ConfirmDialog
          {...common}
          title={t.signOutTitle(name)}
          text={t.signOutText}
          action={t.signOut}
          onConfirm={() => signUserOut(id)}
        />
      );
    case "disable":
      return (
        <ConfirmDialog
          {...common}
          title={t.disableTitle(name)}
          text={t.disableText}
          action={t.disable}
          onConfirm={() => changeUser(id, { is_disabled: true })}
        />
      );
    case "enable":
      return (
        <ConfirmDialog
          {...common}
          isHarmless
          title={t.enableTitle(name)}
          text={t.enableText}
          action={t.enable}
          onConfirm={() => changeUser(id, { is_disabled: false })}
        />
      );
    case "delete":
      return (
        <ConfirmDialog
          {...common}
          title={t.deleteTitle(name)}
          text={t.deleteUserText}
          action={t.delete}
          onConfirm={() => deleteUser(id)}
        />
      );
  }
}
