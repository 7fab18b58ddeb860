import type { StartEngine } from "./engine";
import type { Kind } from "./kind";

/** The engine of a kind. Each is its own download: who watches FLV never fetches dash.js. */
export async function loadEngine(kind: Kind): Promise<StartEngine> {
  switch (kind) {
    case "flv":
      return (await import("./flv")).startFLV;
    case "hls":
    case "hls_cmaf":
      return (await import("./hls")).startHLS;
    case "dash":
      return (await import("./dash")).startDASH;
  }
}
