// Every text of the console, in each language. A key that lacks a language does not compile.

const words = {
  connecting: { en: "Connecting…", zh: "正在连接…" },
  waiting: { en: "The stream has paused; it goes on here when it is back.", zh: "直播已中断，恢复后将自动继续。" },
  buffering: { en: "Buffering…", zh: "正在缓冲…" },
  unmute: { en: "Turn sound on", zh: "打开声音" },
  signIn: { en: "Sign in", zh: "登录" },
  signOut: { en: "Sign out", zh: "退出" },
  user: { en: "User", zh: "用户" },
  password: { en: "Password", zh: "密码" },
  whereIsPassword: { en: "Both are in credentials.json in Weir's data directory.", zh: "用户名和密码保存在数据目录的 credentials.json 中。" },
  streams: { en: "Streams", zh: "直播频道" },
  newStream: { en: "New stream", zh: "创建频道" },
  name: { en: "Name", zh: "名称" },
  create: { en: "Create", zh: "创建" },
  cancel: { en: "Cancel", zh: "取消" },
  remove: { en: "Delete", zh: "删除" },
  removeSure: { en: "Delete this stream? Its push key stops working.", zh: "删除此频道？其推流密钥将失效。" },
  server: { en: "OBS server", zh: "OBS 服务器" },
  key: { en: "OBS stream key", zh: "OBS 串流密钥" },
  pushURL: { en: "Push URL", zh: "推流地址" },
  copy: { en: "Copy", zh: "复制" },
  copied: { en: "Copied", zh: "已复制" },
  live: { en: "Live", zh: "直播中" },
  offline: { en: "Off air", zh: "未开播" },
  reconnecting: { en: "Reconnecting", zh: "等待重连" },
  starting: { en: "Starting", zh: "启动中" },
  watch: { en: "Watch", zh: "观看" },
  howToPush: { en: "How to push", zh: "如何推流" },
  qr: { en: "QR code of the push URL", zh: "推流地址二维码" },
  emptyTitle: { en: "No stream yet", zh: "还没有频道" },
  emptyText: {
    en: "Create one, paste its server and key into OBS (Settings → Stream → Custom), start streaming, and watch it here.",
    zh: "先创建一个频道，将服务器和串流密钥填入 OBS（设置 → 直播 → 自定义），开始推流后即可在此观看。",
  },
  healthy: { en: "All services answer", zh: "所有服务正常" },
  unhealthy: { en: "Some services do not answer", zh: "部分服务无响应" },
} as const;

export type Key = keyof typeof words;
export type Language = "en" | "zh";

const STORED = "weir.language";

export function language(): Language {
  const chosen = localStorage.getItem(STORED);
  if (chosen === "en" || chosen === "zh") return chosen;
  return navigator.language.startsWith("zh") ? "zh" : "en";
}

export function chooseLanguage(to: Language): void {
  localStorage.setItem(STORED, to);
}

export function t(key: Key): string {
  return words[key][language()];
}
