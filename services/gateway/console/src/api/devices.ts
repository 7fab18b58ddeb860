/** Cameras and phones that push by an API of their own. */

import { request } from "./http";
import type { DeviceView, DeviceViews } from "./schema";

export type Device = DeviceView;
export type DeviceAPI = Device["api"];
export type Devices = DeviceViews;

export function listDevices(): Promise<Devices> {
  return request("GET", "/api/v1/devices");
}
