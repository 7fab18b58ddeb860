import { useQuery } from "@tanstack/react-query";

import { systemFigures } from "../../api/system";
import { useMay } from "../may";

/** The figures, for those who may see them. */
export function useFigures({ everyMs }: { everyMs: number | false }) {
  const may = useMay();
  return useQuery({
    queryKey: ["system"],
    queryFn: systemFigures,
    enabled: may("settings:read"),
    refetchInterval: everyMs,
    staleTime: everyMs === false ? Infinity : 0,
  });
}
