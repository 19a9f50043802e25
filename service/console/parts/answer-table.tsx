import { cellText, isNumeric } from '../../../etl/answers/cell.ts';
import type { SqlValue } from '../../../etl/engine/engine.ts';
import type { AnswerColumn } from '../../../etl/query/answer.ts';
import { Table } from './facts.tsx';

/** Longer texts are cut; the whole stands on hover. */
const MOST_CHARACTERS = 200;

/** Rows of an answer: numbers as they are, with thousands, NULL apart from an empty text. */
export function AnswerTable({
  columns,
  rows,
}: {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
}) {
  return (
    <Table
      caption="Rows of the answer"
      columns={columns.map((column) => ({ name: column.name, isNumeric: isNumeric(column) }))}
      rows={rows.map((row) => columns.map((column, at) => <Cell value={row[at] ?? null} column={column} />))}
    />
  );
}

function Cell({ value, column }: { readonly value: SqlValue; readonly column: AnswerColumn }) {
  if (value === null) return <span class="soft">NULL</span>;
  const text = cellText(value);
  if (isNumeric(column)) return <span>{grouped(text)}</span>;
  return text.length <= MOST_CHARACTERS ? (
    <span>{text}</span>
  ) : (
    <span title={text.slice(0, 5000)}>{text.slice(0, MOST_CHARACTERS)}…</span>
  );
}

/** `-1234567.50` → `-1,234,567.50`: every digit stays. */
function grouped(text: string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  return whole === '' ? text : `${sign}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')}${rest}`;
}
