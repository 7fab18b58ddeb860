import { Alert, Button } from "@mantine/core";
import { Component, type ReactNode } from "react";

import { useReader } from "../i18n/Reader";

/** Says so when a component has failed, instead of an empty page. */
export class Crash extends Component<{ children: ReactNode }, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  static getDerivedStateFromError() {
    return { hasCrashed: true };
  }

  override render() {
    return this.state.hasCrashed ? <CrashNotice /> : this.props.children;
  }
}

function CrashNotice() {
  const { t } = useReader();
  return (
    <main className="page">
      <Alert color="red" title={t.crashed}>
        <p>{t.crashedText}</p>
        <Button onClick={() => location.reload()}>{t.reload}</Button>
      </Alert>
    </main>
  );
}
