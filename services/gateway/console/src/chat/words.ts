/** What goes over a chat's WebSocket, as the gateway's `chat/words.py` says it. */

export interface Author {
  id: string;
  name: string;
  kind: "guest" | "viewer" | "moderator" | "alert";
}

/** What a message is about that is more than words. */
export interface Alert {
  kind: "tip" | "subscription" | "custom";
  /** Decimal, with its currency (ISO 4217). */
  amount: string | null;
  currency: string | null;
}

export interface Message {
  id: number;
  /** Unix ms, by the chat's own clock. */
  at: number;
  author: Author;
  text: string;
  alert?: Alert;
}

export interface Settings {
  is_open: boolean;
  slow_s: number;
}

export interface Welcome extends Settings {
  type: "welcome";
  /** As whom this page speaks; null: it only reads. */
  author: Author | null;
  pass: string | null;
  can_moderate: boolean;
  /** What is shown so far counts no more. */
  is_anew: boolean;
  /** Messages up to this number were said before. */
  through: number;
}

export interface Refusal {
  type: "refused";
  key: string | null;
  code: string;
  /** In English, for what this page has no words for. */
  detail: string;
  retry_after_s: number | null;
}

export type Word =
  | Welcome
  | Refusal
  | (Message & { type: "message" })
  | (Settings & { type: "settings" })
  | { type: "removed"; ids: number[] }
  | { type: "banned"; author: string }
  | { type: "said"; key: string; id: number };
