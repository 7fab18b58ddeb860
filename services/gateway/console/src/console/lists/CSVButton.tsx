import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { type Cell, csvOf, saveFile } from "./csv";

/** Downloads a list, also what of it is not shown yet. */
export function CSVButton({
  name,
  columns,
  rows,
}: {
  /** Of the file, without its ending. */
  name: string;
  columns: readonly string[];
  rows: () => Promise<Cell[][]>;
}) {
  const { t } = useReader();
  const saving = useMutation({
    mutationFn: async () => saveFile(`${name}.csv`, csvOf(columns, await rows())),
  });
  return (
    <>
      <Button
        variant="default"
        loading={saving.isPending}
        leftSection={<Icon name="download" size={18} />}
        onClick={() => saving.mutate()}
      >
        {t.downloadCSV}
      </Button>
      {saving.error && <Failure error={saving.error} />}
    </>
  );
}
