import { Skeleton } from "@mantine/core";

/** Where rows will be. */
export function RowPlaceholders() {
  return (
    <div className="row-placeholders" aria-hidden="true">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={72} radius="lg" />
      ))}
    </div>
  );
}
