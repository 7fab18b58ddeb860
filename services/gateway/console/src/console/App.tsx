import { useQuery } from "@tanstack/react-query";

import { type Account, whoAmI } from "../api/account";
import { RequestFailed } from "../api/http";
import { Bar } from "./Bar";
import { Failure } from "./Failure";
import { type Page, usePage } from "./place";
import { SignIn } from "./SignIn";
import { Streams } from "./Streams";
import { Videos } from "./Videos";
import { Webhooks } from "./Webhooks";

export function App() {
  const account = useQuery({ queryKey: ["account"], queryFn: whoAmI, staleTime: 60_000 });
  const page = usePage();
  if (account.isPending) return null;
  const isRefused = account.error instanceof RequestFailed && account.error.problem.status > 0;
  return (
    <>
      <Bar account={account.data ?? null} page={page} />
      <main className="page">
        {account.error && !isRefused && !account.data ? (
          <Failure error={account.error} onRetry={() => void account.refetch()} />
        ) : account.data ? (
          <Shown page={page} account={account.data} />
        ) : (
          <SignIn />
        )}
      </main>
    </>
  );
}

function Shown({ page, account }: { page: Page; account: Account }) {
  switch (page) {
    case "streams":
      return <Streams pushServer={account.push_server} />;
    case "videos":
      return <Videos />;
    case "webhooks":
      return <Webhooks />;
  }
}
