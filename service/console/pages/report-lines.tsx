import { cellText } from '../../../etl/answers/cell.ts';
import { traceDataset } from '../../../etl/lineage/trace-dataset.ts';
import type { Trace, TracedInput } from '../../../etl/lineage/trace-figure.ts';
import { sourceName } from '../../../etl/naming/bronze.ts';
import { parseAsOf } from '../../../etl/query/as-of.ts';
import { findReport } from '../../../etl/query/find-report.ts';
import { inTurn } from '../../http/turns.ts';
import { requireChoosable } from '../../identity/choosing.ts';
import { isAllowed } from '../../identity/identity.ts';
import { datasetAt, linesAt, reportAt, runAt } from '../addresses.ts';
import type { Page, PageRequest } from '../page.ts';
import { Table } from '../parts/facts.tsx';
import { Status } from '../parts/status.tsx';
import { count, grouped, Id, plural, Time } from '../parts/text.tsx';

/** Lines of a page, of each input. */
const LINES = 100;

/** From a figure to the lines of the source files that it was made from, with their sums. */
export const reportLines: Page = {
  path: '/reports/{report}/lines',
  permission: 'silver.read',
  async render(request) {
    const { params, query, identity, service } = request;
    const { effects } = service.lake;
    const contract = await findReport(effects, params.report ?? '');
    const { dataset } = contract;
    const values = keyOf(query);
    requireChoosable(identity, contract, Object.keys(values));
    const skipped = Math.max(0, Math.trunc(Number(query.from ?? 0)) || 0);
    const trace = await inTurn(() =>
      traceDataset(effects, {
        ...{ dataset, values, skipped, mostRecords: LINES },
        asOf: query.asOf === undefined ? undefined : parseAsOf(query.asOf),
        seesAll: isAllowed(identity, 'protected.read', service),
      }),
    );
    const row = Object.values(values).join(' · ');
    return {
      title: `Lines of ${dataset} ${row}`,
      body: <Lines request={request} shown={{ dataset, row, of: query.of, trace, skipped }} />,
    };
  },
};

/** The values of the row's key: `k.as_of_month=2024-03-01`. */
const keyOf = (query: PageRequest['query']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (name.startsWith('k.') ? [[name.slice(2), value]] : [])),
  );

interface Shown {
  readonly dataset: string;
  /** The row's key in words. */
  readonly row: string;
  /** The figure that was followed. */
  readonly of: string | undefined;
  readonly trace: Trace;
  readonly skipped: number;
}

function Lines({ request, shown }: { readonly request: PageRequest; readonly shown: Shown }) {
  const { dataset, row, of, trace } = shown;
  const { figure, closing, inputs } = trace;
  const value = of === undefined ? undefined : figure?.[of];
  const { asOf } = request.query;
  return (
    <>
      <h1>
        {of !== undefined && value !== undefined
          ? `${of} ${grouped(cellText(value))}: ${dataset}, ${row}`
          : `${dataset}, ${row}`}
      </h1>
      <p class="lead">
        The records of the source files that this row can be made from: those of its month that are alike in
        the columns that both tables have. <a href={reportAt(dataset, { asOf })}>Back to the report</a>
      </p>
      {closing !== null && (
        <p>
          Its month was closed at <Time at={closing.at} /> by {closing.by}: these are the lines that it was
          closed with.
        </p>
      )}
      {inputs.map((input) => (
        <Input request={request} input={input} shown={shown} />
      ))}
    </>
  );
}

function Input({
  request,
  input,
  shown,
}: {
  readonly request: PageRequest;
  readonly input: TracedInput;
  readonly shown: Shown;
}) {
  const { dataset, rows, measures, files, records, snapshotId } = input;
  const names = Object.keys(measures);
  const seesRuns = isAllowed(request.identity, 'runs.read', request.service);
  return (
    <section aria-label={dataset}>
      <h2>
        {plural(rows, 'record')} of <a href={datasetAt(dataset)}>{dataset}</a>
      </h2>
      <p class="soft">
        As of snapshot <code>{String(snapshotId)}</code>.
      </p>
      <Table
        caption="Sums by file"
        columns={['file', 'records#', ...names.map((name) => ({ name, isNumeric: true }))]}
        rows={[
          ...files.map((file) => [
            <span title={file.sourceFile}>{sourceName(file.sourceFile)}</span>,
            count(file.rows),
            ...names.map((name) => grouped(file.measures[name] ?? '')),
          ]),
          [
            <b>all files</b>,
            <b>{count(rows)}</b>,
            ...names.map((name) => (
              <Total name={name} sum={measures[name] ?? ''} figure={shown.trace.figure} />
            )),
          ],
        ]}
      />
      <h3>Lines</h3>
      <Table
        caption={`Lines of ${dataset}`}
        columns={['file', 'line#', 'record#', 'as it came', ...columnsOf(input), 'run', '']}
        rows={records.map((record) => [
          <span title={record.sourceFile}>{sourceName(record.sourceFile)}</span>,
          record.line === null ? '' : count(record.line),
          count(record.sourceRowNumber),
          <code class="values">{record.text ?? 'the file is gone'}</code>,
          ...columnsOf(input).map(({ name, isNumeric }) => {
            const value = record.values[name] ?? null;
            if (value === null) return <span class="soft">NULL</span>;
            return <span>{isNumeric ? grouped(value) : value}</span>;
          }),
          seesRuns ? (
            <a href={runAt(record.runId)}>
              <Id id={record.runId} />
            </a>
          ) : (
            <Id id={record.runId} />
          ),
          record.retriedIn === null ? '' : 'corrected or retried',
        ])}
      />
      <Paging request={request} rows={rows} shown={records.length} skipped={shown.skipped} />
    </section>
  );
}

/** The measures of each line, which add up. */
const columnsOf = ({
  measures,
}: TracedInput): readonly { readonly name: string; readonly isNumeric: boolean }[] =>
  Object.keys(measures).map((name) => ({ name, isNumeric: true }));

/** The sum of a measure, and whether a figure of the row is the same. */
function Total({
  name,
  sum,
  figure,
}: {
  readonly name: string;
  readonly sum: string;
  readonly figure: Trace['figure'];
}) {
  const values = Object.entries(figure ?? {}).map(([column, value]) => ({ column, text: cellText(value) }));
  const same =
    values.find(({ column, text }) => column === name && text === sum) ??
    values.find(({ text }) => text === sum);
  return (
    <>
      <b>{grouped(sum)}</b>
      {same !== undefined && (
        <div>
          <Status mood="good" word={`as ${same.column} says`} />
        </div>
      )}
    </>
  );
}

function Paging({
  request: { params, query },
  rows,
  shown,
  skipped,
}: {
  readonly request: PageRequest;
  readonly rows: number;
  readonly shown: number;
  readonly skipped: number;
}) {
  if (rows <= LINES) return null;
  const at = (from: number): string => linesAt(params.report ?? '', { ...query, from: String(from) });
  return (
    <nav aria-label="Lines" class="beside screen">
      {skipped > 0 && <a href={at(Math.max(0, skipped - LINES))}>Before</a>}
      <span>
        {count(skipped + 1)} to {count(skipped + shown)} of {count(rows)}
      </span>
      {skipped + shown < rows && <a href={at(skipped + LINES)}>Next</a>}
    </nav>
  );
}
