// The console: sign in, the streams, how to push to each, and whether they are live.

import QRCode from "qrcode";
import { api, Refused, type Stream } from "./api";
import { el } from "./dom";
import mark from "./mark.svg";
import { play, type Playing } from "./play";
import { chooseLanguage, language, t, type Key } from "./words";

const REFRESH_MS = 3000;
const root = document.querySelector<HTMLElement>("#console")!;

const STATE: Record<Stream["health"], Key> = {
  live: "live",
  starting: "starting",
  waiting: "reconnecting",
  offline: "offline",
};

let opened: string | null = null;
let preview: { stream: string; playing: Playing; element: HTMLElement } | null = null;
let timer: number | undefined;

async function start(): Promise<void> {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  try {
    await refresh();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) showLogin();
    else throw error;
  }
}

async function refresh(): Promise<void> {
  clearTimeout(timer);
  const [{ streams }, health] = await Promise.all([
    api.streams(),
    api.health().catch(() => ({ status: "degraded", reasons: [] as string[] })),
  ]);
  const typing = document.activeElement instanceof HTMLInputElement;
  if (!typing && document.querySelector("dialog[open]") === null) {
    showStreams(streams, health.status === "ok", health.reasons);
  }
  timer = window.setTimeout(() => void refresh().catch(() => start()), REFRESH_MS);
}

function header(...tools: (Node | string | null)[]): HTMLElement {
  const other = language() === "en" ? "zh" : "en";
  return el(
    "header",
    {},
    el("img", { src: mark, alt: "", width: "32", height: "32" }),
    el("strong", {}, "Weir"),
    el("span", { class: "space" }),
    ...tools,
    el(
      "button",
      {
        class: "quiet",
        type: "button",
        click: () => {
          chooseLanguage(other);
          void start();
        },
      },
      other === "zh" ? "中文" : "English",
    ),
  );
}

function showLogin(reason = ""): void {
  const user = el("input", { name: "user", autocomplete: "username", required: true });
  const password = el("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const form = el(
    "form",
    {
      class: "card login",
      submit: (event) => {
        event.preventDefault();
        api.login(user.value, password.value).then(
          () => void start(),
          (error: unknown) => showLogin(error instanceof Error ? error.message : String(error)),
        );
      },
    },
    el("h1", {}, t("signIn")),
    el("label", {}, t("user"), user),
    el("label", {}, t("password"), password),
    reason === "" ? el("p", { class: "hint" }, t("whereIsPassword")) : el("p", { class: "error", role: "alert" }, reason),
    el("button", { class: "primary" }, t("signIn")),
  );
  root.replaceChildren(header(), el("main", { class: "narrow" }, form));
  user.focus();
}

function showStreams(streams: Stream[], healthy: boolean, reasons: string[]): void {
  const creating = createDialog();
  const tools = [
    el(
      "span",
      { class: healthy ? "health ok" : "health bad", title: reasons.join("\n") },
      healthy ? t("healthy") : t("unhealthy"),
    ),
    el("button", { class: "quiet", type: "button", click: () => void api.logout().then(() => showLogin()) }, t("signOut")),
  ];
  const add = el("button", { class: "primary", type: "button", click: () => creating.showModal() }, t("newStream"));
  const main = el(
    "main",
    {},
    el("div", { class: "title" }, el("h1", {}, t("streams")), el("span", { class: "space" }), add),
    streams.length === 0 ? empty() : el("div", { class: "grid" }, ...streams.map(card)),
    creating,
  );
  root.replaceChildren(header(...tools), main);
}

function empty(): HTMLElement {
  return el(
    "section",
    { class: "card empty" },
    el("img", { src: mark, alt: "", width: "56", height: "56" }),
    el("h2", {}, t("emptyTitle")),
    el("p", {}, t("emptyText")),
    el("code", {}, "ffmpeg -re -i video.mp4 -c:v libx264 -c:a aac -f flv '<push URL>'"),
  );
}

function card(stream: Stream): HTMLElement {
  const name = String(stream.item["name"] ?? stream.item["videoname"] ?? stream.id);
  const details = el(
    "details",
    { toggle: (event) => void (opened = (event.target as HTMLDetailsElement).open ? stream.id : null) },
    el("summary", {}, t("howToPush")),
    field(t("server"), stream.push.server),
    field(t("key"), stream.push.stream_key),
    field(t("pushURL"), stream.push.url),
    qr(stream.push.url),
  );
  details.open = opened === stream.id;
  return el(
    "article",
    { class: "card" },
    stage(stream),
    el(
      "div",
      { class: "title" },
      el("h2", { title: stream.id }, name),
      el("span", { class: `badge ${stream.health}` }, t(STATE[stream.health])),
    ),
    el(
      "nav",
      { "aria-label": t("watch") },
      ...Object.entries({ FLV: "flv.html", HLS: "index.html", DASH: "dash.html" }).map(([label, page]) =>
        el("a", { href: `/${stream.id}/${page}`, target: "_blank", rel: "noopener" }, label),
      ),
      el("span", { class: "space" }),
      el("button", { class: "quiet danger", type: "button", click: () => void remove(stream) }, t("remove")),
    ),
    details,
  );
}

/** The picture of a stream. One player a page: a browser has six connections to a host. */
function stage(stream: Stream): HTMLElement {
  if (preview?.stream === stream.id && stream.is_live) return preview.element;
  if (preview?.stream === stream.id) {
    preview.playing.stop();
    preview = null;
  }
  const element = el("div", { class: "stage" });
  if (!stream.is_live) return element;
  element.append(
    el("button", { type: "button", class: "play", "aria-label": t("watch"), click: () => void watch(stream, element) }, "▶"),
  );
  return element;
}

async function watch(stream: Stream, element: HTMLElement): Promise<void> {
  preview?.playing.stop();
  const video = el("video", { muted: true, playsinline: true, autoplay: true, controls: true });
  video.muted = true;
  element.replaceChildren(video);
  const playing = await play("flv", `/${stream.id}/live.flv`, video, () => undefined);
  preview = { stream: stream.id, playing, element };
}

function field(label: string, value: string): HTMLElement {
  const button = el("button", { type: "button", class: "quiet" }, t("copy"));
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(value).then(() => {
      button.textContent = t("copied");
    });
  });
  return el("label", { class: "copy" }, label, el("span", {}, el("input", { readonly: true, value }), button));
}

function qr(value: string): HTMLElement {
  const canvas = el("canvas", { role: "img", "aria-label": t("qr") });
  void QRCode.toCanvas(canvas, value, { margin: 2, width: 168 });
  return canvas;
}

function createDialog(): HTMLDialogElement {
  const name = el("input", { name: "name", required: true, maxlength: "100" });
  const failure = el("p", { class: "error", role: "alert" });
  const dialog = el(
    "dialog",
    {},
    el(
      "form",
      {
        submit: (event) => {
          event.preventDefault();
          api.create(name.value).then(
            (stream) => {
              opened = stream.id;
              dialog.close();
              name.blur();
              void refresh();
            },
            (error: unknown) => {
              failure.textContent = error instanceof Error ? error.message : String(error);
            },
          );
        },
      },
      el("h2", {}, t("newStream")),
      el("label", {}, t("name"), name),
      failure,
      el(
        "div",
        { class: "title" },
        el("span", { class: "space" }),
        el("button", { type: "button", class: "quiet", click: () => dialog.close() }, t("cancel")),
        el("button", { class: "primary" }, t("create")),
      ),
    ),
  );
  return dialog;
}

async function remove(stream: Stream): Promise<void> {
  if (!confirm(t("removeSure"))) return;
  await api.remove(stream.id);
  await refresh();
}

void start();
