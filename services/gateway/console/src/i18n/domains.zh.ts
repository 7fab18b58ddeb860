import type { domainsEn } from "./domains.en";

export const domainsZh: typeof domainsEn = {
  title: "域名",
  hint: "推流端和观众访问 Weir 的域名，显示在所有推流地址和观看链接中。",
  failedToLoad: "无法加载域名",
  kind: "用途",
  kinds: { push: "推流", pull: "播放" },
  kindHints: {
    push: "推流端推送到此地址：rtmp:// 或 rtmps:// 加主机名，非默认端口需写明。",
    pull: "观众从此地址观看：https:// 或 http:// 加主机名，非默认端口需写明。",
  },
  address: "地址",
  badPush: "格式如 rtmp://push.example.org，不带路径。",
  badPull: "格式如 https://live.example.org，不带路径。",
  add: "添加域名",
  edit: "修改域名",
  change: "修改",
  use: "用于所有链接",
  leave: "不再用于链接",
  inUse: "使用中",
  useIt: "从现在起用于所有链接",
  useItHint: "此前复制的链接保持不变。",
  deleteText: "Weir 不再显示该域名的地址。指向这里的解析不受影响。",
  deleteInUse: "所有链接正在使用该域名，删除后将恢复为设置中的地址。",
  exists: "该域名已存在。",
  tooMany: "域名数量已达上限，请先删除不用的域名。",
  emptyForOthers: "还没有域名：链接使用设置中的地址。所有者可以添加域名。",
  emptyTitle: "使用自己的域名",
  emptyText:
    "推流地址和观看链接目前使用设置中的地址。添加域名后改用您的域名，推流域名和播放域名可以指向不同的机器。",
  emptySteps: [
    "将域名解析到这里：一个给推流端，一个给观众。",
    "添加域名，并用于所有链接。",
    "重新复制推流地址和观看链接，其中已是新域名。",
  ],
  emptyExample: "DNS 解析",
  emptyHint: "使用 https:// 和 rtmps:// 时，域名还需要证书。",
};
