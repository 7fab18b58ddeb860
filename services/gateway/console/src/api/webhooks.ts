/** Who is sent public events, what was sent to whom, and sending it again. */

import { request } from "./http";
import type {
  AttemptView,
  DeliveryView,
  DeliveryViews,
  ReplayView,
  ReplayViews,
  webhooks,
  WebhookSecretView,
  WebhookView,
  WebhookViews,
} from "./schema";

export type Webhook = WebhookView;
export type WebhookWithSecret = WebhookSecretView;
export type Delivery = DeliveryView;
export type DeliveryState = Delivery["state"];
export type Attempt = AttemptView;
export type Replay = ReplayView;
export type EventType = keyof webhooks;

/** No types or streams: all. */
export interface WebhookFields {
  url: string;
  types: string[];
  streams: string[];
  description: string;
}

/** Where in the log a replay begins. */
export type ReplayBegin = { from_at: string } | { from_sequence: number };

const PAGE = 25;
const WEBHOOKS = "/api/v1/webhooks";
const pathOf = (id: string) => `${WEBHOOKS}/${encodeURIComponent(id)}`;

export async function listWebhooks(): Promise<Webhook[]> {
  return (await request<WebhookViews>("GET", WEBHOOKS)).webhooks;
}

export function createWebhook(fields: WebhookFields): Promise<WebhookWithSecret> {
  return request("POST", WEBHOOKS, fields);
}

export function updateWebhook(id: string, fields: WebhookFields): Promise<Webhook> {
  return request("PATCH", pathOf(id), fields);
}

export function switchWebhook(id: string, isEnabled: boolean): Promise<Webhook> {
  return request("PATCH", pathOf(id), { is_enabled: isEnabled });
}

export function rotateSecret(id: string): Promise<WebhookWithSecret> {
  return request("POST", `${pathOf(id)}/rotate`);
}

export function deleteWebhook(id: string): Promise<void> {
  return request("DELETE", pathOf(id));
}

export function sendTest(id: string): Promise<Delivery> {
  return request("POST", `${pathOf(id)}/test`);
}

/** A page, newest first; the answers' text is left out. */
export function listDeliveries(
  id: string,
  state: DeliveryState | null,
  after: number | null,
): Promise<DeliveryViews> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (state) query.set("state", state);
  if (after !== null) query.set("after", String(after));
  return request("GET", `${pathOf(id)}/deliveries?${query.toString()}`);
}

export function getDelivery(id: string, delivery: number): Promise<Delivery> {
  return request("GET", `${pathOf(id)}/deliveries/${delivery}`);
}

export function retryDelivery(id: string, delivery: number): Promise<Delivery> {
  return request("POST", `${pathOf(id)}/deliveries/${delivery}/retry`);
}

/** The newest fifty. */
export async function listReplays(id: string): Promise<Replay[]> {
  return (await request<ReplayViews>("GET", `${pathOf(id)}/replays`)).replays;
}

export function createReplay(id: string, begin: ReplayBegin): Promise<Replay> {
  return request("POST", `${pathOf(id)}/replays`, begin);
}

export function cancelReplay(id: string, replay: string): Promise<Replay> {
  return request("DELETE", `${pathOf(id)}/replays/${replay}`);
}
