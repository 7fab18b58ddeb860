/** The icons, 24 units square, drawn with one stroke. */
const PATHS = {
  copy: "M9 9h10v10H9zM5 15V5h10",
  check: "M5 12.5l4.5 4.5L19 7.5",
  plus: "M12 5v14M5 12h14",
  more: "M12 5.5h.01M12 12h.01M12 18.5h.01",
  play: "M8 5.5v13l11-6.5z",
  push: "M12 16V5M7.5 9.5L12 5l4.5 4.5M5 19h14",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  eyeOff: "M4 4l16 16M9.5 6c.8-.3 1.6-.5 2.5-.5 6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.7 3.4M6.3 7.7A16 16 0 0 0 2.5 12s3.5 6.5 9.5 6.5c1.7 0 3.2-.5 4.5-1.2",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 13.5A8.2 8.2 0 0 1 10.5 4 8.2 8.2 0 1 0 20 13.5z",
  language: "M3 6h11M8.5 3.5V6M11.5 6c-.8 4-3.5 7-7.5 8.5M6 9.5c1.2 2.5 3.2 4.2 6 5M12.5 20.5L17 10l4.5 10.5M14 17.5h6",
  out: "M10 5H5v14h5M15 8l4 4-4 4M19 12H9.5",
  people: "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3 19.5c.4-3.2 2.6-5 6-5s5.6 1.8 6 5M15.5 11.300a2.8 2.8 0 1 0-.6-5.500M17 14.600c2.3.4 3.7 1.9 4 4.4",
  ladder: "M8 3v18M16 3v18M8 7.5h8M8 12h8M8 16.5h8",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  upload: "M12 15.5V5M8 9l4-4 4 4M4.5 15v4h15v-4",
  download: "M12 4.5v10.5M8 11l4 4 4-4M4.5 15.5v4h15v-4",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17",
  pause: "M9 6v12M15 6v12",
  warn: "M12 4.5L21 19.5H3zM12 10v4.5M12 17h.01",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19.5 4v4h-4",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  pencil: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  stamp: "M9.5 4h5v3l-1 5h4.5v4H6v-4h4.5l-1-5zM6 19.5h12",
  open: "M13 5h6v6M19 5l-8 8M17 14v5H5V7h5",
};

export function Icon({ name, size = 20 }: { name: keyof typeof PATHS; size?: number }) {
  return (
    <svg className="icon" data-icon={name} width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
