import { cellText, isNumeric } from '../../../etl/answers/cell.ts';
import type { SqlValue } from '../../../etl/engine/engine.ts';
import type { AnswerColumn, QueryAnswer } from '../../../etl/query/answer.ts';
import { AnswerChart, type Point } from '../charts/answer-chart.tsx';
import { Choice } from './choice.tsx';
import { count } from './text.tsx';

/** Rows that are drawn: a screen has no more points. */
const MOST_POINTS = 1000;

/** What is drawn of an answer. */
export interface Drawn {
  readonly labels: AnswerColumn;
  readonly values: AnswerColumn;
  readonly points: readonly Point[];
}

/** What the address asks to be drawn: by default the first column that isn't a number, and the last that is one; undefined where none is. */
export async function drawnOf(
  answer: QueryAnswer,
  { label, value }: { readonly label?: string; readonly value?: string },
): Promise<Drawn | undefined> {
  const { columns, rowCount } = answer;
  const numbers = columns.filter(isNumeric);
  const values = numbers.find(({ name }) => name === value) ?? numbers.at(-1);
  const labels =
    columns.find(({ name }) => name === label) ?? columns.find((one) => !isNumeric(one)) ?? columns[0];
  if (values === undefined || labels === undefined || rowCount < 2) return undefined;
  const rows = await answer.rows(0, Math.min(rowCount, MOST_POINTS));
  const [labelAt, valueAt] = [columns.indexOf(labels), columns.indexOf(values)];
  const points = rows.flatMap((row) => pointOf(row[labelAt] ?? null, row[valueAt] ?? null));
  return points.length < 2 ? undefined : { labels, values, points };
}

/** Rows without a value, and values that no axis has, are not drawn. */
function pointOf(label: SqlValue, value: SqlValue): Point[] {
  if (value === null || !Number.isFinite(Number(cellText(value)))) return [];
  return [{ label: label === null ? 'NULL' : cellText(label), value: cellText(value) }];
}

/** A chart of an answer, with a choice of what is drawn. */
export function QuickChart({
  at,
  columns,
  rowCount,
  drawn: { labels, values, points },
  isOpen,
}: {
  /** Address of the answer's page. */
  readonly at: string;
  readonly columns: readonly AnswerColumn[];
  readonly rowCount: number;
  readonly drawn: Drawn;
  readonly isOpen: boolean;
}) {
  const name = `${values.name} by ${labels.name}`;
  return (
    <details open={isOpen}>
      <summary>Chart of {name}</summary>
      <form method="get" action={at} class="filter">
        <Choice
          name="value"
          options={columns.filter(isNumeric).map((one) => one.name)}
          chosen={values.name}
        />
        by
        <Choice name="label" options={columns.map((one) => one.name)} chosen={labels.name} />
        <button type="submit" class="plain">
          Draw
        </button>
      </form>
      <AnswerChart name={name} points={points} />
      {points.length < rowCount && (
        <p class="soft">
          {count(points.length)} of {count(rowCount)} rows are drawn: the first that have a value.
        </p>
      )}
    </details>
  );
}
