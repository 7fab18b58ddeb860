import { defineConfig } from "vite";

// Two pages: the console at `/` and the player that the gateway serves below a stream.
export default defineConfig({
  base: "/",
  build: {
    assetsDir: "static",
    target: "es2022",
    chunkSizeWarningLimit: 1200,
    rollupOptions: { input: { index: "index.html", player: "player.html" } },
  },
});
