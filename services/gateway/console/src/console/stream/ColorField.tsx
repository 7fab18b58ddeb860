import { Button } from "@mantine/core";
import { useId } from "react";

const BLACK = "#000000";

/** A colour; with `without` there may be none. */
export function ColorField({
  label,
  value,
  without,
  onChange,
  onNone,
}: {
  label: string;
  value: string | null;
  without?: string;
  onChange: (color: string) => void;
  onNone?: () => void;
}) {
  const id = useId();
  return (
    <div className="color">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="color"
        data-none={value === null}
        value={value ?? BLACK}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {without && onNone && (
        <Button variant="default" size="xs" disabled={value === null} onClick={onNone}>
          {without}
        </Button>
      )}
    </div>
  );
}
