import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { type DeadLetter, listDeadLetters } from "../../api/dead-letters";
import { useReader } from "../../i18n/Reader";
import { ago } from "../ago";
import { Failure } from "../Failure";
import type { Cell } from "../lists/csv";
import { CSVButton } from "../lists/CSVButton";
import { RowPlaceholders } from "../RowPlaceholders";

const EVERY_MS = 10_000;
const COLUMNS = [
  "id", "buried_at", "subject", "consumer", "code", "reason", "deliveries", "body",
] as const satisfies (keyof DeadLetter)[];

/** Messages that no service could digest. */
export function DeadLetters() {
  const { t, tag } = useReader();
  const letters = useInfiniteQuery({
    queryKey: ["dead-letters"],
    queryFn: ({ pageParam }) => listDeadLetters(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after ?? null,
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 1 ? false : EVERY_MS),
  });
  const all = letters.data?.pages.flatMap((page) => page.dead_letters) ?? [];
  return (
    <section className="system-part" aria-label={t.system.deadLetters}>
      <div className="heading">
        <div>
          <h2>{t.system.deadLetters}</h2>
          <p>{t.system.deadLettersHint}</p>
        </div>
        {all.length > 0 && <CSVButton name="dead-letters" columns={COLUMNS} rows={everyRow} />}
      </div>
      {letters.error && <Failure error={letters.error} onRetry={() => void letters.refetch()} />}
      {letters.isPending && <RowPlaceholders />}
      {letters.isSuccess && all.length === 0 && <p className="nothing">{t.system.noDeadLetters}</p>}
      {all.length > 0 && (
        <ul className="rows entries">
          {all.map((letter) => (
            <li key={letter.id}>
              <details className="entry">
                <summary>
                  <time dateTime={letter.buried_at}>{ago(tag, letter.buried_at)}</time>
                  <strong>{letter.subject}</strong>
                  <span className="deed">{letter.reason}</span>
                  <span className="tag" data-outcome="failed">
                    {letter.code}
                  </span>
                </summary>
                <dl>
                  <dt>{t.system.consumer}</dt>
                  <dd>{letter.consumer}</dd>
                  <dt>{t.system.deliveries}</dt>
                  <dd>{letter.deliveries}</dd>
                  <dt>{t.jobs.reason}</dt>
                  <dd>{letter.reason}</dd>
                  <dt>{t.system.body}</dt>
                  <dd>{letter.body}</dd>
                </dl>
              </details>
            </li>
          ))}
        </ul>
      )}
      {letters.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={letters.isFetchingNextPage}
          onClick={() => void letters.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
    </section>
  );
}

async function everyRow(): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  let after: string | null = null;
  do {
    const page = await listDeadLetters(after);
    rows.push(...page.dead_letters.map((letter) => COLUMNS.map((name) => letter[name])));
    after = page.next_after ?? null;
  } while (after !== null);
  return rows;
}
