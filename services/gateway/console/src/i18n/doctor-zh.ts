/** The stream doctor's sentences in Chinese. */
import type { FindingCode, HopName, Severity, WayKind } from "../api/doctor";
import { type doctorEn, figure, type FindingText, seconds } from "./doctor-en";

const findings: Record<FindingCode, FindingText> = {
  upload_stopped: {
    title: "没有数据到达",
    cause: (f) => `连接仍在，但已有 ${figure(f, "last_s")} 秒没有收到任何数据，观众看到的是静止画面。`,
    obs: () => "请检查推流设备的网络。“视图 → 统计”会显示丢帧情况。",
  },
  upload_slow: {
    title: "上行速度不足",
    cause: (f) =>
      `画面晚到 ${seconds(f, "delay_ms")} 秒：线路或编码器跟不上 ${figure(f, "bitrate_kbps")} kbit/s。延迟会不断增加，最终丢帧。`,
    obs: () =>
      "“设置 → 输出 → 比特率”：降低三分之一，并使用网线。若“视图 → 统计”提示“编码过载”，请选用更快的预设或更小的画面。",
  },
  upload_stalls: {
    title: "上行时断时续",
    cause: (f) =>
      `最近一分钟内数据受阻 ${figure(f, "count")} 次，最长 ${seconds(f, "longest_ms")} 秒，播放器会卡顿。`,
    obs: () =>
      "“设置 → 输出 → 比特率”：调低。使用网线而非 Wi-Fi。“设置 → 高级 → 网络”：勾选“动态改变比特率以应对网络拥塞”。",
  },
  reconnects: {
    title: "推流端反复重连",
    cause: (f) => `十分钟内已重连 ${figure(f, "count")} 次，每次观众都会短暂失去画面。`,
    obs: () => "请检查网络。若在画面变化剧烈时断线，请在“设置 → 输出 → 比特率”中调低。",
  },
  too_fast: {
    title: "推流快于实时",
    cause: (f) =>
      `数据以实际时间的 ${figure(f, "speed")} 倍速度到达：文件推流时没有控制速度，播放器无法保持实时。`,
    obs: () => "OBS 会自动控制速度：请将文件作为“媒体源”加入场景。",
  },
  video_stopped: {
    title: "画面已停止",
    cause: (f) => `已有 ${figure(f, "last_s")} 秒只有声音。`,
    obs: () => "请检查视频来源。“视图 → 统计”：“因渲染延迟而丢失的帧”。",
  },
  audio_stopped: {
    title: "声音已停止",
    cause: (f) => `已有 ${figure(f, "last_s")} 秒没有声音。部分播放器会因此停住画面。`,
    obs: () => "“设置 → 音频”：确认设备仍然可用。",
  },
  audio_missing: {
    title: "没有音轨",
    cause: () => "只有画面，没有音轨。部分播放器和平台不接受这样的流。",
    obs: () => "“设置 → 音频 → 全局音频设备”：选择一个设备，静音也可以。",
  },
  audio_silent: {
    title: "听不到声音",
    cause: (f) => `有音轨，但已有 ${figure(f, "silence_s")} 秒没有任何声音。`,
    obs: () => "“混音器”：取消静音，音量条应当跳动。“高级音频属性”：须勾选音轨 1。",
  },
  tracks_apart: {
    title: "音画不同步",
    cause: (f) =>
      figure(f, "apart_ms") > 0
        ? `按时间戳，画面比声音早 ${figure(f, "apart_ms")} 毫秒，口型与声音对不上。`
        : `按时间戳，声音比画面早 ${-figure(f, "apart_ms")} 毫秒，口型与声音对不上。`,
    obs: () => "“混音器 → 高级音频属性 → 同步偏移”：所有来源设为 0 毫秒，然后重新推流。",
  },
  gop_long: {
    title: "关键帧间隔过长",
    cause: (f) =>
      `两个关键帧之间最长 ${figure(f, "gop_s")} 秒。播放器从关键帧开始：新观众要等待，或落后这么久。`,
    obs: () => "“设置 → 输出 → 输出模式：高级 → 直播 → 关键帧间隔”：2 秒。",
  },
  frame_rate_unsteady: {
    title: "帧率不稳",
    cause: (f) =>
      `${figure(f, "uneven_percent")} % 的帧偏离每秒 ${figure(f, "frame_rate")} 帧的节奏，画面会抖动。`,
    obs: () =>
      "“视图 → 统计”会说明丢帧或跳帧的原因。“设置 → 视频”：使用整数帧率、更小的输出分辨率；“设置 → 输出”：选用更快的预设。",
  },
  bitrate_unsteady: {
    title: "码率忽高忽低",
    cause: (f) =>
      `从 ${figure(f, "usual_kbps")} 跳到 ${figure(f, "peak_kbps")} kbit/s。能承载前者的线路会在后者时卡住。`,
    obs: () => "“设置 → 输出 → 码率控制”：CBR，并使用线路能承载的比特率。",
  },
  clock_drift: {
    title: "推流端时钟漂移",
    cause: (f) =>
      figure(f, "ms_per_minute") > 0
        ? `每分钟快 ${figure(f, "ms_per_minute")} 毫秒。时间久了播放器会落后，声音与画面分离。`
        : `每分钟慢 ${-figure(f, "ms_per_minute")} 毫秒。时间久了播放器会断流，声音与画面分离。`,
    obs: () =>
      "“设置 → 音频 → 采样率”：与设备一致（48 kHz）。音频来源的属性：关闭“使用设备时间戳”。摄像机：开启 NTP。",
  },
  timestamp_jumps: {
    title: "时间戳跳变",
    cause: (f) => `十分钟内跳变 ${figure(f, "count")} 次，每次播放器都要重新开始。`,
    obs: () => "直播时不要重启“媒体源”。请更新采集设备的驱动。",
  },
  picture_changed: {
    title: "尺寸或编码已改变",
    cause: (f) => `直播中由 ${f.was} 变为 ${f.now}。播放器会重新开始，录像会有接缝。`,
    obs: () =>
      "“设置 → 视频 → 输出（缩放）分辨率”：整场直播保持不变。编码器：关闭随线路改变尺寸的功能。",
  },
  b_frames: {
    title: "B 帧增加延迟",
    cause: (f) =>
      `每帧画面因此推迟 ${figure(f, "reorder_ms")} 毫秒。对画质有利，但在分秒必争的场合过多。`,
    obs: () => "“设置 → 输出 → 输出模式：高级 → 直播 → 最大 B 帧”：0。使用 x264 时，微调：zerolatency。",
  },
  video_missing: {
    title: "只有声音",
    cause: () => "没有视频轨。若是电台，这样正合适。",
    obs: () => "请在场景中加入有画面的来源。",
  },
};

const severities: Record<Severity, string> = { serious: "严重", warning: "警告", hint: "提示" };

const ways: Record<WayKind, string> = {
  flv: "FLV",
  hls: "低延迟 HLS",
  dash: "DASH",
  hls_plain: "其他 HLS 播放器",
};

const hops: Record<HopName, { name: string; what: string }> = {
  encoder: { name: "编码器", what: "B 帧互相等待。" },
  upload: { name: "上行", what: "在线路前排队的时间，与最佳时相比。" },
  packager: { name: "切片", what: "一帧画面等待所在切片完成。" },
  gateway: { name: "分发", what: "从 Weir 内部到公开入口。" },
  player: { name: "播放器", what: "为避免断流而保留的缓冲。" },
};

export const doctorZh: typeof doctorEn = {
  findings,
  severities,
  ways,
  hops,
  open: (name) => `诊断 ${name}`,
  title: (name) => `${name} 的状况`,
  offAirHint: "开始推流十秒后，这里会显示直播状况。",
  measuring: "正在测量…",
  measuringHint: "最初十秒不作判断：编码器会先发送积攒的数据。",
  healthy: "一切正常",
  healthyHint: "画面、声音、线路和时钟都没有问题。",
  hintsOnly: "正常，有一点提示",
  hintsOnlyHint: "没有问题，但有值得了解的地方。",
  ill: (count) => `有 ${count} 处需要改进`,
  illHint: "最严重的排在最前。更改设置后请重新推流。",
  picture: "画面",
  frameRate: "帧率",
  bitrate: "码率",
  keyframes: "关键帧",
  sound: "声音",
  none: "无",
  silent: "静音",
  every: (time) => `每 ${time}`,
  inOBS: "OBS 设置",
  inFFmpeg: "ffmpeg",
  late: "为什么有延迟？",
  lateHint: "从推流端到观众屏幕的当前延迟。请选择播放器：",
  lateKind: "播放器",
  lateTotal: (total) => `至少落后推流端 ${total}`,
  lateNone: "还没有可播放的内容。",
  lateOf: (hop, time) => `${hop} ${time}`,
  told: "按服务器要求",
};
