import { isNumeric } from '../../../etl/answers/cell.ts';
import type { AnswerRow, TracedEvent } from '../../../etl/asking/stream-answer.ts';
import type { ShownStream } from '../../projections/stream-of.ts';
import { JsonCell } from '../parts/answer-table.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { isChanged, type StateLine, stateLines } from './changes.ts';

/** What a stream came to with an event, what that changed, and the rows that readers of the table see. */
export function StateAfter({
  answer,
  now,
  before,
  isFirst,
  types,
}: {
  readonly answer: ShownStream;
  /** Of the projection's columns, by their names. */
  readonly types: ReadonlyMap<string, string>;
  readonly now: TracedEvent | undefined;
  readonly before: TracedEvent | undefined;
  readonly isFirst: boolean;
}) {
  if (now === undefined) return null;
  const lines = stateLines(now.state, before?.state ?? null);
  // Of the first event that the page has, nobody says here what was before it.
  const knowsBefore = before !== undefined || isFirst;
  return (
    <section aria-label="State" id="state">
      <h2>State</h2>
      {answer.isStateHidden ? (
        <Empty>
          Values went into the state that your roles don't let you see: the rows show what you may.
        </Empty>
      ) : (
        <dl class="facts state">
          {lines.map((line) => (
            <Line line={line} knowsBefore={knowsBefore} />
          ))}
        </dl>
      )}
      <h2>Rows</h2>
      <Rows rows={now.rows} types={types} />
    </section>
  );
}

function Line({ line, knowsBefore }: { readonly line: StateLine; readonly knowsBefore: boolean }) {
  const { path, now, before } = line;
  return (
    <>
      <dt>{path === '' ? 'state' : path}</dt>
      <dd>
        {!knowsBefore || !isChanged(line) ? (
          (now ?? '')
        ) : now === undefined ? (
          <del>{before}</del>
        ) : (
          <>
            <ins>{now}</ins> <span class="soft">{before === undefined ? 'new' : `was ${before}`}</span>
          </>
        )}
      </dd>
    </>
  );
}

function Rows({
  rows,
  types,
}: {
  readonly rows: readonly AnswerRow[];
  readonly types: ReadonlyMap<string, string>;
}) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return <Empty>The projection has no row of this stream with it.</Empty>;
  const columns = names.map((name) => ({ name, type: types.get(name) ?? 'VARCHAR' }));
  return (
    <Table
      caption="Rows of the projection"
      columns={columns.map((column) => ({ name: column.name, isNumeric: isNumeric(column) }))}
      rows={rows.map((row) => columns.map((column) => <JsonCell value={row[column.name]} column={column} />))}
    />
  );
}
