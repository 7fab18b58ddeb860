import { useQuery } from "@tanstack/react-query";

import { whoAmI } from "../api/account";
import { RequestFailed } from "../api/http";
import { Bar } from "./Bar";
import { Failure } from "./Failure";
import { SignIn } from "./SignIn";
import { Streams } from "./Streams";

export function App() {
  const account = useQuery({ queryKey: ["account"], queryFn: whoAmI, staleTime: 60_000 });
  if (account.isPending) return null;
  const isRefused = account.error instanceof RequestFailed && account.error.problem.status > 0;
  return (
    <>
      <Bar account={account.data ?? null} />
      <main className="page">
        {account.error && !isRefused && !account.data ? (
          <Failure error={account.error} onRetry={() => void account.refetch()} />
        ) : account.data ? (
          <Streams pushServer={account.data.push_server} />
        ) : (
          <SignIn />
        )}
      </main>
    </>
  );
}
