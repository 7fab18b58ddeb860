/** A webhook that is being made or changed: what was typed, what is wrong with it, what is sent. */

import type { Webhook, WebhookFields } from "../api/webhooks";

export interface WebhookDraft {
  url: string;
  description: string;
  wantsAll: boolean;
  types: string[];
  streams: string;
}

export type WebhookFault = "required" | "badAddress" | "webhookWantsNone" | "badStreams";

const ADDRESS = /^https?:\/\/[^\s/]+/;
const STREAM_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function draftOf(hook: Webhook | null): WebhookDraft {
  return {
    url: hook?.url ?? "",
    description: hook?.description ?? "",
    wantsAll: !hook?.types.length,
    types: hook?.types ?? [],
    streams: hook?.streams.join(", ") ?? "",
  };
}

export function fieldsOf(draft: WebhookDraft): WebhookFields {
  return {
    url: draft.url.trim(),
    description: draft.description.trim(),
    types: draft.wantsAll ? [] : draft.types,
    streams: streamsOf(draft),
  };
}

export function checkWebhook(
  draft: WebhookDraft,
): Partial<Record<keyof WebhookDraft, WebhookFault>> {
  const faults: Partial<Record<keyof WebhookDraft, WebhookFault>> = {};
  if (!draft.url.trim()) faults.url = "required";
  else if (!ADDRESS.test(draft.url.trim())) faults.url = "badAddress";
  if (!draft.wantsAll && draft.types.length === 0) faults.types = "webhookWantsNone";
  if (!streamsOf(draft).every((id) => STREAM_ID.test(id))) faults.streams = "badStreams";
  return faults;
}

/** `asset.*` stands for all of a noun. */
export function isWanted(types: string[], type: string): boolean {
  return types.includes(type) || types.includes(nounOf(type));
}

/** With the type chosen or not; what stood for all of its noun is written out for that. */
export function choose(types: string[], type: string, isChosen: boolean, all: string[]): string[] {
  if (isChosen) return [...types, type];
  const noun = nounOf(type);
  const siblings = types.includes(noun) ? all.filter((each) => nounOf(each) === noun) : [];
  return [...types.filter((each) => each !== noun), ...siblings].filter((each) => each !== type);
}

function nounOf(type: string): string {
  return `${type.split(".")[0]}.*`;
}

function streamsOf({ streams }: WebhookDraft): string[] {
  return streams.split(/[\s,，]+/).filter(Boolean);
}

/** What it is for, or else whom it tells. */
export function nameOfWebhook({ url, description }: Webhook): string {
  return description || url.replace(/^https?:\/\/([^/]*).*$/, "$1");
}
