/** Icons of 24 units, each one path: lines, unless it is filled. */

export const PLAY = "M8 5.5v13l11-6.5z";
export const PAUSE = "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z";
export const REPLAY = "M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4 4v4.5h4.5";
export const LOUD =
  "M4 9.5v5h3.5L12 19V5L7.5 9.5zM14.5 8.5a5 5 0 0 1 0 7M17 6a8.5 8.5 0 0 1 0 12";
export const SOFT = "M4 9.5v5h3.5L12 19V5L7.5 9.5zM14.5 8.5a5 5 0 0 1 0 7";
export const MUTED = "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9.5l5 5M20.5 9.5l-5 5";
export const GROW = "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5";
export const SHRINK = "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5";
export const CAPTIONS =
  "M4.5 5.5h15a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM11 10.6a2.2 2.2 0 1 0 0 2.8M17.2 10.6a2.2 2.2 0 1 0 0 2.8";
export const SETTINGS =
  "M4 7h9M17 7h3M15 4.8v4.4M4 17h3M11 17h9M9 14.8v4.4M4 12h12M20 12h0M18 9.8v4.4";
export const IN_PICTURE = "M20.5 11V6a1 1 0 0 0-1-1h-15a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1H10M13 14h7.5v5H13z";
export const BACK = "M14.5 6 8.5 12l6 6";
export const NEXT = "M9.5 6l6 6-6 6";
export const CHECK = "M5 12.5 10 17.5 19 7";
export const CLOSE = "M6 6l12 12M18 6 6 18";
export const SHARE =
  "M12 14.5V4M8 7.5 12 3.5l4 4M6 11.5H5a1 1 0 0 0-1 1V19a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-6.5a1 1 0 0 0-1-1h-1";
export const PEOPLE =
  "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c0-3.5 2.9-5.5 6.5-5.5s6.5 2 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M18.2 14.4c2 .8 3.3 2.5 3.3 5.1";
