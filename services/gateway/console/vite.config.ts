import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const gateway = process.env.WEIR_PUBLIC_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    // The gateway serves `dist/static` at /static/, names hashed, and the pages itself.
    assetsDir: "static",
    // The content security policy allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    // dash.js alone is larger than the default; it is loaded only where DASH is played.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { input: ["index.html", "player.html", "watch.html", "embed.html", "overlay.html"] },
  },
  server: {
    // `npm run dev` beside a running Weir: the API, the media and the pages' data come from it.
    proxy: {
      "/api": gateway,
      "^/[A-Za-z0-9_-]+/.*\\.(flv|m3u8|mpd|m4s|mp4)$": gateway,
    },
  },
});
