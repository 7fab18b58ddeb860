/** Cameras and phones that push by an API of their own. */
export const devicesEn = {
  title: "Devices",
  hint: "Cameras and phones that push by the IP-camera API or PutMedia. Those that were seen last come first.",
  failedToLoad: "The devices could not be loaded",
  seen: (when: string) => `Seen ${when}`,
  neverSeen: "Not seen yet",
  pushesNotes: (count: number) =>
    count === 1 ? "1 note of what it pushed" : `${count} notes of what it pushed`,
  pushesMedia: "Pushes by PutMedia",
  stream: (id: string) => `Stream ${id}`,
  noStream: (id: string) => `There is no stream ${id}: make it, or mend the name in the camera.`,
  timeline: "On the timeline",
  motionClips: (count: number) => (count === 1 ? "1 motion clip" : `${count} motion clips`),
  live: "Live",
  quiet: "Not pushing",
  cut: (count: number) => `These are the ${count} that were seen last; there are more.`,
  emptyTitle: "No camera has been here yet",
  emptyText:
    "Whatever pushes over RTMP is among the streams. Here is what speaks one of the APIs that cameras have.",
  emptySteps: [
    "Make a stream for the camera, or have it make one by CreateStream of Kinesis Video Streams.",
    "Give the camera this address, and a key: an API key for the IP-camera API, the access key for PutMedia.",
    "It is here as soon as it notes or pushes something.",
  ],
  emptyExample: "What an IP camera sends",
  emptyHint: "Set isMotion on the stream, and motion is cut out and kept.",
};
