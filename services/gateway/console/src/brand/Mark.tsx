/** The mark: water that runs level, goes over the sill and runs on. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="mark">
      <rect width="32" height="32" rx="7" />
      <path d="M5.5 9.5h9.2c4 0 5.3 2.2 6 6l.6 3c.6 3 2 4 5.2 4" />
      <path d="M5.5 14.5h6.6c2.6 0 3.5 1.3 3.9 3.7l.4 1.9c.2 1.2.6 2.4 1.5 2.4" opacity=".72" />
      <path d="M5.5 19.5h4.2" opacity=".45" />
    </svg>
  );
}
