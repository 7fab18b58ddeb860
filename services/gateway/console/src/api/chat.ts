import { request } from "./http";
import type { Ban, Bans, ChatSettingsShown } from "./schema";

export type ChatBan = Ban;
export type ChatSettings = ChatSettingsShown;

export function getChat(stream: string): Promise<ChatSettings> {
  return request("GET", at(stream));
}

/** What is not named stays as it is. */
export function changeChat(stream: string, change: Partial<ChatSettings>): Promise<ChatSettings> {
  return request("PATCH", at(stream), change);
}

export async function listBans(stream: string): Promise<ChatBan[]> {
  return (await request<Bans>("GET", `${at(stream)}/bans`)).bans;
}

export function liftBan(stream: string, ban: string): Promise<void> {
  return request("DELETE", `${at(stream)}/bans/${encodeURIComponent(ban)}`);
}

function at(stream: string): string {
  return `/api/v1/streams/${encodeURIComponent(stream)}/chat`;
}
