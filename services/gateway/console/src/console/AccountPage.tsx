import type { Account } from "../api/account";
import { useReader } from "../i18n/Reader";
import { OwnPassword } from "./OwnPassword";
import { SessionList } from "./SessionList";

/** What a person does about the own account. */
export function AccountPage({ account }: { account: Account }) {
  const { t } = useReader();
  const { user, role, is_of_settings } = account;
  return (
    <>
      <div className="heading">
        <div className="row-title">
          <h1>{user}</h1>
          {role && <p>{t.roleIs(t.roles[role], t.roleHints[role])}</p>}
        </div>
      </div>
      <div className="panels">
        {is_of_settings ? (
          <section className="panel">
            <h2>{t.password}</h2>
            <p className="hint">{t.passwordOfSettings}</p>
          </section>
        ) : (
          <OwnPassword user={user} />
        )}
        <SessionList />
      </div>
    </>
  );
}
