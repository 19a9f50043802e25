import { cellText, isNumeric } from '../../../etl/answers/cell.ts';
import { SNAPSHOT_NAME } from '../../../etl/contract/check-columns.ts';
import type { SqlValue } from '../../../etl/engine/engine.ts';
import type { AnswerColumn } from '../../../etl/query/answer.ts';
import { linesAt, reportAt } from '../addresses.ts';
import { Cell } from '../parts/answer-table.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { count } from '../parts/text.tsx';
import { ROWS, type ShownReport } from './read-report.ts';

/** A report's rows; each figure leads to the lines that it comes from, for who may see them. */
export function Figures({
  report,
  seesLines,
}: {
  readonly report: ShownReport;
  readonly seesLines: boolean;
}) {
  const { contract, asked, rows, months } = report;
  const all = months
    .filter(({ month }) => asked.month === undefined || asked.month === month)
    .reduce((sum, one) => sum + one.rows, 0);
  if (all === 0)
    return (
      <Empty>
        {asked.month === undefined ? 'It has no rows' : `It has no row of ${asked.month}`}: choose another
        month or state above.
      </Empty>
    );
  const shown = rows.columns.flatMap((column, at) => (column.name === SNAPSHOT_NAME ? [] : [{ column, at }]));
  return (
    <section aria-labelledby="figures">
      <h2 id="figures">Figures</h2>
      {seesLines && (
        <p class="soft screen">A figure leads to the lines of the source files that it was made from.</p>
      )}
      <Table
        caption={`Figures of ${contract.dataset}`}
        columns={shown.map(({ column }) => ({ name: column.name, isNumeric: isNumeric(column) }))}
        rows={rows.rows.map((row) =>
          shown.map(({ column, at }) => (
            <Figure
              value={row[at] ?? null}
              column={column}
              lines={seesLines && isNumeric(column) ? linesOf(report, row, column) : undefined}
            />
          )),
        )}
      />
      <Paging report={report} all={all} />
    </section>
  );
}

function Figure({
  value,
  column,
  lines,
}: {
  readonly value: SqlValue;
  readonly column: AnswerColumn;
  readonly lines: string | undefined;
}) {
  const cell = <Cell value={value} column={column} isFigure />;
  return lines === undefined || value === null ? cell : <a href={lines}>{cell}</a>;
}

/** The address of a figure's lines; undefined where its row's key can't be told: a value is missing, or hidden. */
function linesOf(
  { contract, asked, rows, hidden }: ShownReport,
  row: readonly SqlValue[],
  { name }: AnswerColumn,
): string | undefined {
  const keys = contract.key.map((key): [string, SqlValue] => {
    const at = rows.columns.findIndex((column) => column.name === key);
    return [`k.${key}`, hidden.has(key) ? null : (row[at] ?? null)];
  });
  if (keys.some(([, value]) => value === null)) return undefined;
  const values = Object.fromEntries(keys.map(([key, value]) => [key, cellText(value)]));
  return linesAt(contract.dataset, { ...values, of: name, asOf: asked.asOf });
}

function Paging({
  report: { contract, asked, rows },
  all,
}: {
  readonly report: ShownReport;
  readonly all: number;
}) {
  const { from, ...rest } = asked;
  const shown = rows.rows.length;
  if (all <= ROWS) return null;
  const at = (start: number): string => reportAt(contract.dataset, { ...rest, from: String(start) });
  return (
    <nav aria-label="Rows" class="beside screen">
      {from > 0 && <a href={at(Math.max(0, from - ROWS))}>Before</a>}
      <span>
        {count(from + 1)} to {count(from + shown)} of {count(all)}
      </span>
      {from + shown < all && <a href={at(from + ROWS)}>Next</a>}
    </nav>
  );
}
