import { RequestFailed } from "../api/http";
import { useReader } from "../i18n/Reader";
import { sentenceOf } from "./Failure";

/** Why a file was refused or could not be made: what to do about it, then what Weir found. */
export function Reason({ code, reason }: { code: string | null; reason: string | null }) {
  const { t } = useReader();
  const detail = reason ?? "";
  const sentence = sentenceOf(new RequestFailed({ status: 0, code: code ?? "", detail }), t);
  return (
    <>
      <span>{sentence}</span>
      {detail && detail !== sentence && <small lang="en">{detail}</small>}
    </>
  );
}
