import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";

import { ReaderProvider } from "../i18n/Reader";
import { App } from "./App";
import { Crash } from "./Crash";
import "@fontsource-variable/hanken-grotesk";
import "@mantine/core/styles.css";
import "./theme.css";
import "./console.css";
import "./access.css";
import "./devices/devices.css";
import "./doctor.css";
import "./domains/domains.css";
import "./stream/stream.css";
import "./system/system.css";
import "./tenants/tenants.css";
import "./recordings.css";
import "./timeline.css";
import "./uploads.css";
import "./videos.css";
import "./webhooks.css";
import { theme } from "./theme";

const queries = new QueryClient({
  defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: true } },
});

const root = document.querySelector("#root");
if (!root) throw new Error("The page has no #root.");

// Variables and classes that Mantine would write into <style> elements stand in theme.css: the
// content security policy allows no inline styles.
createRoot(root).render(
  <MantineProvider
    theme={theme}
    defaultColorScheme="auto"
    withCssVariables={false}
    withGlobalClasses={false}
  >
    <ReaderProvider>
      <Crash>
        <QueryClientProvider client={queries}>
          <App />
        </QueryClientProvider>
      </Crash>
    </ReaderProvider>
  </MantineProvider>,
);
