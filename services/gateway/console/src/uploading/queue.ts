/** The files that this page sends: one after another, so that the first can be watched soonest. */

import { RequestFailed } from "../api/http";
import { createUpload, deleteUpload, findOpen, pathOfUpload } from "../api/uploads";
import { fingerprintOf } from "./fingerprint";
import type { Order } from "./order";
import { send } from "./send";
import { Speed } from "./speed";

export interface Sending {
  /** The file's fingerprint. */
  key: string;
  file: File;
  order: Order;
  /** Its id; null: not begun. */
  upload: string | null;
  state: "queued" | "sending" | "paused" | "failed";
  sent: number;
  /** Bytes a second; null while it cannot be told. */
  speed: number | null;
  /** The line broke, and it is tried again. */
  isBroken: boolean;
  error: RequestFailed | null;
}

const EMPTY = { status: 0, code: "file_empty", detail: "" };

export class UploadQueue {
  /** What was sent is known to the rest of the page when this is done. */
  onSent: () => Promise<unknown> = () => Promise.resolve();
  private sendings: readonly Sending[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly speed = new Speed();
  /** Of the one that is being sent. */
  private current: { key: string; stop: () => void } | null = null;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (): readonly Sending[] => this.sendings;

  /** Files that are here already are only gone on with. */
  add(files: Iterable<File>, order: Order): void {
    for (const file of files) {
      const key = fingerprintOf(file);
      if (this.find(key)) {
        this.resume(key);
        continue;
      }
      const fresh = { upload: null, sent: 0, speed: null, isBroken: false, error: null };
      this.set([...this.sendings, { key, file, order, state: "queued", ...fresh }]);
    }
    this.next();
  }

  pause(key: string): void {
    this.change(key, { state: "paused", speed: null, isBroken: false });
    this.leave(key);
  }

  resume(key: string): void {
    const state = this.find(key)?.state;
    if (state !== "paused" && state !== "failed") return;
    this.change(key, { state: "queued", error: null });
    this.next();
  }

  /** Give it up, with what is there of it. */
  async drop(key: string): Promise<void> {
    const upload = this.find(key)?.upload;
    this.remove(key);
    this.leave(key);
    if (upload) await deleteUpload(upload);
  }

  private next(): void {
    const first = this.sendings.find(({ state }) => state === "queued");
    if (this.current || !first) return;
    this.current = { key: first.key, stop: () => undefined };
    this.speed.reset();
    this.change(first.key, { state: "sending" });
    void this.begin(first);
  }

  private async begin({ key, file, order, upload }: Sending): Promise<void> {
    const turn = this.current;
    try {
      if (file.size === 0) throw new RequestFailed(EMPTY);
      const id = upload ?? (await findOpen(key))?.id ?? (await createUpload(file, key, order));
      // It was dropped meanwhile: what was made for it goes, too.
      if (!this.find(key)) return await deleteUpload(id);
      this.change(key, { upload: id });
      if (this.current !== turn) return;
      const stop = await send(file, pathOfUpload(id), {
        onProgress: (sent) => this.progress(key, sent),
        onBroken: () => this.change(key, { isBroken: true, speed: null }),
        onSent: () => void this.finish(key),
        onFailed: (error) => this.fail(key, error),
      });
      if (turn && this.current === turn) turn.stop = stop;
      else stop();
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      if (this.current === turn) this.fail(key, error);
    }
  }

  private progress(key: string, sent: number): void {
    this.speed.note(sent, performance.now());
    this.change(key, { sent, speed: this.speed.get(), isBroken: false });
  }

  private async finish(key: string): Promise<void> {
    this.leave(key);
    await this.onSent();
    this.remove(key);
  }

  private fail(key: string, error: RequestFailed): void {
    const isGone = error.problem.code === "upload_unknown";
    const begun = isGone ? { upload: null, sent: 0 } : {};
    this.change(key, { state: "failed", speed: null, isBroken: false, error, ...begun });
    this.leave(key);
  }

  /** Whose turn it was has stopped; the next one begins. */
  private leave(key: string): void {
    if (this.current?.key === key) {
      this.current.stop();
      this.current = null;
    }
    this.next();
  }

  private find(key: string): Sending | undefined {
    return this.sendings.find((sending) => sending.key === key);
  }

  private change(key: string, change: Partial<Sending>): void {
    this.set(this.sendings.map((each) => (each.key === key ? { ...each, ...change } : each)));
  }

  private remove(key: string): void {
    this.set(this.sendings.filter((each) => each.key !== key));
  }

  private set(sendings: readonly Sending[]): void {
    this.sendings = sendings;
    for (const listener of this.listeners) listener();
  }
}

/** It goes on while other pages of the console are shown. */
export const uploads = new UploadQueue();

window.addEventListener("beforeunload", (event) => {
  if (uploads.get().some(({ state }) => state === "sending" || state === "queued")) {
    event.preventDefault();
  }
});
