import { useId } from "react";

/** A number that is felt rather than known: a slider, and the number itself. */
export function RangeField({
  label,
  unit,
  min,
  max,
  value,
  onChange,
}: {
  label: string;
  unit: string;
  min: number;
  max: number;
  value: number;
  onChange: (value: number) => void;
}) {
  const id = useId();
  const take = (typed: string) => {
    const number = Math.round(Number(typed));
    if (typed.trim() && Number.isFinite(number)) onChange(Math.min(Math.max(number, min), max));
  };
  return (
    <div className="range">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        value={value}
        onChange={(event) => take(event.currentTarget.value)}
      />
      <span>
        <input
          type="number"
          aria-label={`${label} (${unit})`}
          min={min}
          max={max}
          value={value}
          onChange={(event) => take(event.currentTarget.value)}
        />
        {unit}
      </span>
    </div>
  );
}
