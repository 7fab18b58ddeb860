/** A relay target that is being added: what was typed, what is wrong with it, what is sent. */

import type { NewRelayTarget } from "../api/relays";

export interface RelayDraft {
  name: string;
  server: string;
  key: string;
}

export const EMPTY_RELAY: RelayDraft = { name: "", server: "", key: "" };

export type RelayFault = "required" | "badRelayServer" | "badRelayKey";

/** `rtmp://host[:port]/app`, the form in which platforms give it; Weir checks again. */
const SERVER = /^rtmps?:\/\/[^/\s@]+\/[^\s?#]+$/;
const SRT = /^srt:\/\/[^/\s@]+:\d+(\?\S*)?$/;

export function checkRelay(draft: RelayDraft): Partial<Record<keyof RelayDraft, RelayFault>> {
  const faults: Partial<Record<keyof RelayDraft, RelayFault>> = {};
  const server = draft.server.trim();
  const isSRT = server.startsWith("srt:");
  if (!draft.name.trim()) faults.name = "required";
  if (!server) faults.server = "required";
  else if (!(isSRT ? SRT : SERVER).test(server)) faults.server = "badRelayServer";
  if (!isSRT && !draft.key.trim()) faults.key = "required";
  else if (/\s/.test(draft.key.trim())) faults.key = "badRelayKey";
  return faults;
}

export function relayOf(draft: RelayDraft): NewRelayTarget {
  const server = draft.server.trim();
  const key = draft.key.trim();
  const url = server.startsWith("srt:") ? server : `${server.replace(/\/+$/, "")}/${key}`;
  return { name: draft.name.trim(), url };
}
