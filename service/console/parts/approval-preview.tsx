import type { MonthTotals } from '../../../etl/gold/month-totals.ts';
import type { PreviewedReport } from '../../../etl/operations/preview-approval.ts';
import type { PreviewState } from '../../previews.ts';
import { reportAt, runAt } from '../addresses.ts';
import { Empty, Table } from './facts.tsx';
import { Status } from './status.tsx';
import { count, grouped, plural } from './text.tsx';

/** What approving a held run would publish: each Gold table by month, before and after. */
export function WouldPublish({ state, runId }: { readonly state: PreviewState; readonly runId: string }) {
  return (
    <section aria-labelledby="would">
      <h2 id="would">What approving would publish</h2>
      {state.kind === 'computing' ? (
        <Empty>
          It is being computed, and takes longer than a page may: <a href={runAt(runId)}>look again</a> in a
          moment.
        </Empty>
      ) : (
        <Found preview={state.preview} />
      )}
    </section>
  );
}

function Found({
  preview: { outdated, reports },
}: Pick<Extract<PreviewState, { kind: 'ready' }>, 'preview'>) {
  if (outdated !== null)
    return (
      <Empty>It can't be told before the run is sealed anew, which approving it does first: {outdated}</Empty>
    );
  if (reports.length === 0)
    return <Empty>No Gold table is made from this dataset: only its own table changes.</Empty>;
  return reports.map((one) => <Report report={one} />);
}

function Report({
  report: { report, closed, problem, months, keyCount, keys },
}: {
  readonly report: PreviewedReport;
}) {
  const head = (
    <h3>
      <a href={reportAt(report)}>{report}</a>
    </h3>
  );
  if (problem !== null)
    return (
      <>
        {head}
        <Empty>It would not be made: {problem}</Empty>
      </>
    );
  const changed = months.filter(isChanged);
  if (keyCount === 0)
    return (
      <>
        {head}
        <p>No figure of it would change.</p>
      </>
    );
  const columns = changed[0]?.sums.map(({ column }) => column) ?? [];
  const hasUnit = changed.some(({ unit }) => unit !== null);
  return (
    <>
      {head}
      <p>
        {plural(keyCount, 'row')} would be new or different, in {plural(changed.length, 'month')} of{' '}
        {count(months.length)} that {months.length === 1 ? 'is' : 'are'} made anew.
      </p>
      <Table
        caption={`${report} by month, before and after`}
        columns={[
          'month',
          ...(hasUnit ? ['of'] : []),
          'rows before#',
          'after#',
          ...columns.flatMap((column) => [
            { name: `${column} before`, isNumeric: true },
            { name: 'after', isNumeric: true },
          ]),
        ]}
        rows={changed.map((month) => [
          <>
            <a class="id" href={reportAt(report, { month: month.month })}>
              {month.month}
            </a>{' '}
            {closed.includes(month.month) && <Status mood="wait" word="closed: it would wait for finance" />}
          </>,
          ...(hasUnit ? [month.unit ?? ''] : []),
          count(month.rows.before),
          count(month.rows.after),
          ...month.sums.flatMap(({ before, after }) => [
            <Sum value={before} />,
            before === after ? <Sum value={after} /> : <b>{grouped(after ?? 'none')}</b>,
          ]),
          closed.includes(month.month) ? <Status mood="wait" word="closed: it would wait for finance" /> : '',
        ])}
      />
      <details>
        <summary>Row by row</summary>
        <Table
          caption={`Rows of ${report} that would change`}
          columns={['month', 'row', 'figure', 'before#', 'after#']}
          rows={keys.flatMap(({ month, key, values }) =>
            Object.entries(values).map(([column, { old, new: now }]) => [
              month,
              Object.values(key)
                .map((value) => value ?? 'NULL')
                .join(' · '),
              column,
              <Sum value={old} />,
              <Sum value={now} />,
            ]),
          )}
        />
        {keyCount > keys.length && (
          <p class="soft">
            The first {keys.length} of {plural(keyCount, 'row')}.
          </p>
        )}
      </details>
    </>
  );
}

const isChanged = ({ rows, sums }: MonthTotals): boolean =>
  rows.before !== rows.after || sums.some(({ before, after }) => before !== after);

function Sum({ value }: { readonly value: string | null }) {
  return value === null ? <span class="soft">none</span> : <span>{grouped(value)}</span>;
}
