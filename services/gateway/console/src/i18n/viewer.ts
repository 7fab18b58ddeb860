/** The languages of player and watch page, which carry none of the console's sentences. */

import type { Language } from "./language";
import { type Messages, viewerEn } from "./viewer-en";
import { viewerZh } from "./viewer-zh";

export const VIEWER: Record<Language, Messages> = { en: viewerEn, zh: viewerZh };
