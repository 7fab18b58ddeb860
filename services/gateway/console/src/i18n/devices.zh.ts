import type { devicesEn } from "./devices.en";

export const devicesZh: typeof devicesEn = {
  title: "设备",
  hint: "通过网络摄像机 API 或 PutMedia 推流的摄像机和手机，最近活动的在前。",
  failedToLoad: "无法加载设备",
  seen: (when) => `最近活动：${when}`,
  neverSeen: "尚无活动",
  pushesNotes: (count) => `${count} 条推流记录`,
  pushesMedia: "通过 PutMedia 推流",
  stream: (id) => `直播流 ${id}`,
  noStream: (id) => `没有直播流 ${id}：请创建，或更正摄像机中的名称。`,
  timeline: "查看时间线",
  motionClips: (count) => `${count} 个移动片段`,
  live: "直播中",
  quiet: "未推流",
  cut: (count) => `仅显示最近活动的 ${count} 个设备。`,
  emptyTitle: "还没有摄像机接入",
  emptyText: "通过 RTMP 推流的设备显示在直播流中。这里显示使用摄像机专用 API 的设备。",
  emptySteps: [
    "为摄像机创建直播流，或由设备调用 Kinesis Video Streams 的 CreateStream 创建。",
    "在摄像机中填写本站地址和密钥：网络摄像机 API 用 API 密钥，PutMedia 用访问密钥。",
    "设备上报记录或推流后即显示在这里。",
  ],
  emptyExample: "网络摄像机发送的内容",
  emptyHint: "为直播流设置 isMotion 后，移动画面会被截取并保留。",
};
