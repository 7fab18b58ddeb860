/** Gives every component the messages of the chosen language. */

import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";

import type { Messages } from "./en";
import { type Language, preferredLanguage, rememberLanguage } from "./language";
import { LANGUAGES } from "./languages";

interface Reader {
  t: Messages;
  language: Language;
  /** BCP 47 tag for dates and numbers. */
  tag: string;
  read(language: Language): void;
}

const ReaderContext = createContext<Reader | null>(null);

export function ReaderProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(preferredLanguage);
  const reader = useMemo<Reader>(() => {
    const { messages, tag } = LANGUAGES[language];
    const read = (chosen: Language) => {
      rememberLanguage(chosen);
      setLanguage(chosen);
    };
    return { t: messages, language, tag, read };
  }, [language]);
  useEffect(() => {
    document.documentElement.lang = reader.tag;
  }, [reader.tag]);
  return <ReaderContext value={reader}>{children}</ReaderContext>;
}

export function useReader(): Reader {
  const reader = use(ReaderContext);
  if (!reader) throw new Error("useReader needs a ReaderProvider above it.");
  return reader;
}
