import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { type Account, whoAmI } from "../api/account";
import { RequestFailed } from "../api/http";
import { AccountPage } from "./AccountPage";
import { Audit } from "./Audit";
import { Bar } from "./Bar";
import { Devices } from "./devices/Devices";
import { Domains } from "./domains/Domains";
import { Failure } from "./Failure";
import { Jobs } from "./jobs/Jobs";
import { Keys } from "./Keys";
import { MayContext } from "./may";
import { NEEDS, type Page, usePage, useStreamPlace } from "./place";
import { Recordings } from "./Recordings";
import { SignIn } from "./SignIn";
import { StreamScreen } from "./stream/StreamScreen";
import { Streams } from "./Streams";
import { System } from "./system/System";
import { Tenants } from "./tenants/Tenants";
import { TimelinePage } from "./TimelinePage";
import { Users } from "./Users";
import { Videos } from "./Videos";
import { Viewers } from "./viewers/Viewers";
import { Webhooks } from "./Webhooks";

export function App() {
  const account = useQuery({ queryKey: ["account"], queryFn: whoAmI, staleTime: 60_000 });
  const asked = usePage();
  const permissions = account.data?.permissions;
  const held = useMemo(() => new Set(permissions), [permissions]);
  if (account.isPending) return null;
  const isRefused = account.error instanceof RequestFailed && account.error.problem.status > 0;
  const needed = NEEDS[asked];
  const page = needed === null || held.has(needed) ? asked : "streams";
  return (
    <MayContext value={held}>
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
    </MayContext>
  );
}

function Shown({ page, account }: { page: Page; account: Account }) {
  const chosen = useStreamPlace();
  switch (page) {
    case "streams":
      if (chosen) return <StreamScreen key={chosen.id} id={chosen.id} part={chosen.part} />;
      return <Streams pushServer={account.push_server} />;
    case "recordings":
      return <Recordings />;
    case "timeline":
      return <TimelinePage />;
    case "videos":
      return <Videos />;
    case "viewers":
      return <Viewers />;
    case "jobs":
      return <Jobs />;
    case "system":
      return <System />;
    case "devices":
      return <Devices />;
    case "domains":
      return <Domains />;
    case "webhooks":
      return <Webhooks />;
    case "users":
      return <Users self={account.user} />;
    case "keys":
      return <Keys />;
    case "audit":
      return <Audit />;
    case "tenants":
      return <Tenants />;
    case "account":
      return <AccountPage account={account} />;
  }
}
