import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { type SignedLink, signLink } from "../api/viewers";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Failure } from "./Failure";
import { Icon } from "./icons";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** How many may watch with one link at once. */
const PLAYERS = [1, 2, 5, 10, 100];

/** Makes a link with a viewer token in it, and puts it on the clipboard. */
export function SignLink({
  stream,
  linkOf,
}: {
  stream: string;
  linkOf: (link: SignedLink) => string;
}) {
  const { t } = useReader();
  const [viewer, setViewer] = useState("");
  const [lasts_s, setLasts] = useState(DAY_S);
  const [players, setPlayers] = useState("0");
  const clipboard = useClipboard();
  const signing = useMutation({
    mutationFn: () => signLink(stream, lasts_s, viewer.trim(), { max_players: Number(players) }),
    onSuccess: (link) => clipboard.copy(linkOf(link)),
  });
  const terms = [
    { value: String(HOUR_S), label: t.oneHour },
    { value: String(DAY_S), label: t.oneDay },
    { value: String(30 * DAY_S), label: t.thirtyDays },
  ];
  return (
    <section className="way">
      <h3>{t.signedLink}</h3>
      <p>{t.signedLinkHint}</p>
      <form
        className="sign-link"
        onSubmit={(event) => {
          event.preventDefault();
          signing.mutate();
        }}
      >
        <TextInput
          label={t.linkFor}
          placeholder={t.optional}
          maxLength={128}
          value={viewer}
          onChange={(event) => setViewer(event.currentTarget.value)}
        />
        <NativeSelect
          label={t.linkLasts}
          data={terms}
          value={String(lasts_s)}
          onChange={(event) => setLasts(Number(event.currentTarget.value))}
        />
        <NativeSelect
          label={t.linkPlayers}
          data={[
            { value: "0", label: t.linkAnyPlayers },
            ...PLAYERS.map((count) => ({ value: String(count), label: String(count) })),
          ]}
          value={players}
          onChange={(event) => setPlayers(event.currentTarget.value)}
        />
        <Button type="submit" loading={signing.isPending} leftSection={<Icon name="copy" size={18} />}>
          {t.copySignedLink}
        </Button>
      </form>
      {signing.error && <Failure error={signing.error} />}
      {signing.data && (
        <CopyField label={t.signedLink} value={linkOf(signing.data)} />
      )}
    </section>
  );
}
