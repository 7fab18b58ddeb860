/** The bytes of one file, by tus: from where the upload ends until it is whole. */

import type { DetailedError } from "tus-js-client";

import { readProblem, RequestFailed } from "../api/http";

/** What a broken line may cost where a proxy holds bodies back. */
const REQUEST_BYTES = 64 << 20;
/** Pauses after failures in a row; then it is given up, and may be begun again. */
const AGAIN_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000, 30_000];
/** Refusals that another try may be spared. */
const TRANSIENT = new Set([0, 409, 423, 429]);
const SERVER_FAULTS = 500;

export interface Heard {
  /** So many bytes are there, or on their way. */
  onProgress(sent: number): void;
  /** The line broke; it is tried again. */
  onBroken(): void;
  onSent(): void;
  onFailed(error: RequestFailed): void;
}

/** Send it; the returned function stops, and nothing is heard after that. */
export async function send(file: File, path: string, heard: Heard): Promise<() => void> {
  const { Upload } = await import("tus-js-client");
  let isStopped = false;
  const unlessStopped =
    <A extends unknown[]>(tell: (...said: A) => void) =>
    (...said: A) => {
      if (!isStopped) tell(...said);
    };
  const sending = new Upload(file, {
    uploadUrl: path,
    chunkSize: REQUEST_BYTES,
    retryDelays: AGAIN_MS,
    // The catalog knows the file by its fingerprint; nothing is kept in this browser.
    storeFingerprintForResuming: false,
    onProgress: unlessStopped((sent: number) => heard.onProgress(sent)),
    onSuccess: unlessStopped(() => heard.onSent()),
    onError: unlessStopped((error) => heard.onFailed(failureOf(error))),
    onShouldRetry(error) {
      const status = statusOf(error);
      const isTransient = TRANSIENT.has(status) || status >= SERVER_FAULTS;
      if (isTransient && !isStopped) heard.onBroken();
      return isTransient;
    },
  });
  sending.start();
  return () => {
    isStopped = true;
    void sending.abort();
  };
}

function failureOf(error: Error | DetailedError): RequestFailed {
  const answer = "originalResponse" in error ? error.originalResponse : null;
  const status = statusOf(error);
  if (status === 0) return new RequestFailed({ status, code: "unreachable", detail: "" });
  // An answer to HEAD has no body that could say it.
  if (status === 404) return new RequestFailed({ status, code: "upload_unknown", detail: "" });
  return new RequestFailed(readProblem(status, "", answer?.getBody() ?? ""));
}

function statusOf(error: Error | DetailedError): number {
  return "originalResponse" in error ? (error.originalResponse?.getStatus() ?? 0) : 0;
}
