import { useId, useState } from "react";

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
  // What is being typed may be on its way to a number, or from one.
  const [typed, setTyped] = useState<string | null>(null);
  const type = (text: string) => {
    setTyped(text);
    const number = Number(text);
    if (text.trim() && Number.isInteger(number) && number >= min && number <= max) onChange(number);
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
        onChange={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
      <span>
        <input
          type="number"
          aria-label={`${label} (${unit})`}
          min={min}
          max={max}
          value={typed ?? value}
          onChange={(event) => type(event.currentTarget.value)}
          onBlur={() => setTyped(null)}
        />
        {unit}
      </span>
    </div>
  );
}
