import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { RequestFailed } from "../api/http";

/** Whether `error` says that the console session is over; the console then asks to sign in. */
export function useSignedOut(error: unknown): boolean {
  const queries = useQueryClient();
  const isSignedOut = error instanceof RequestFailed && error.problem.status === 401;
  useEffect(() => {
    if (isSignedOut) queries.setQueryData(["account"], null);
  }, [isSignedOut, queries]);
  return isSignedOut;
}
