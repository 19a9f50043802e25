import type { ChangedRow, ReportChanges } from '../../../etl/query/report-changes.ts';
import type { Restating } from '../../../etl/query/restating.ts';
import { runAt } from '../addresses.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { grouped, Id, plural, Time } from '../parts/text.tsx';

/** What changed in a report since a moment: old and new values, by which run or decision, and why. */
export function Changes({
  changes: { from, to, keys, keyCount, months, causes },
  seesRuns,
}: {
  readonly changes: ReportChanges;
  readonly seesRuns: boolean;
}) {
  const byId = new Map(causes.map((cause) => [cause.id, cause]));
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">What changed since {(from?.committedAt ?? '').slice(0, 19).replace('T', ' ')}</h2>
      {keyCount === 0 ? (
        <Empty>
          Nothing: every figure is as it was. What is shown was published at{' '}
          <Time at={to?.committedAt ?? null} />.
        </Empty>
      ) : (
        <>
          <p>
            {plural(keyCount, 'row')} {keyCount === 1 ? 'is' : 'are'} different, in{' '}
            {plural(months.length, 'month')}
            {keyCount > keys.length ? `; the first ${keys.length} are listed` : ''}.
          </p>
          <Table
            caption="What changed"
            columns={['month', 'row', 'figure', 'was#', 'is#', 'by', 'why']}
            rows={keys.flatMap((key) => rowsOf(key, { byId, seesRuns }))}
          />
        </>
      )}
    </section>
  );
}

interface Known {
  readonly byId: ReadonlyMap<string, Restating>;
  readonly seesRuns: boolean;
}

function rowsOf(key: ChangedRow, known: Known) {
  const causes = key.by.flatMap((id) => known.byId.get(id) ?? []);
  const name = Object.values(key.key)
    .map((value) => value ?? 'NULL')
    .join(' · ');
  return Object.entries(key.values).map(([column, { old, new: now }]) => [
    key.month,
    name,
    column,
    <Value value={old} />,
    <Value value={now} />,
    causes.map((cause) => <By cause={cause} seesRuns={known.seesRuns} />),
    <Why change={key.change} causes={causes} />,
  ]);
}

function Value({ value }: { readonly value: string | null }) {
  return value === null ? <span class="soft">none</span> : <span>{grouped(value)}</span>;
}

function By({
  cause: { id, kind, by },
  seesRuns,
}: {
  readonly cause: Restating;
  readonly seesRuns: boolean;
}) {
  const name = <Id id={id} />;
  return (
    <div>
      {kind === 'run' && seesRuns ? <a href={runAt(id)}>{name}</a> : name}
      {by !== null && ` ${by}`}
    </div>
  );
}

function Why({
  change,
  causes,
}: {
  readonly change: ChangedRow['change'];
  readonly causes: readonly Restating[];
}) {
  if (causes.length > 0) return causes.map(({ why }) => <div>{why}</div>);
  return <span class="soft">{change === 'added' ? 'new since then' : ''}</span>;
}
