import { highestOf, isLower } from '../contract/classification-order.ts';
import type { ContractColumn, ProjectionContract } from '../contract/contract.ts';
import { isSealedColumn, STREAM_VERSION_NAME } from '../contract/table-columns.ts';
import { type Engine, type SqlRow, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { FoldCode } from './fold-runner.ts';

/** What was folded: the engine has `rebuilt`; `events` gives a SELECT of all events, which have to be fetched for it. */
export interface FoldedRows {
  readonly engine: Engine;
  readonly contract: ProjectionContract;
  readonly source: EventContract;
  readonly code: FoldCode;
  readonly events: () => Promise<string>;
}

const ENVELOPE = '~1\\.[a-z2-7]{8}\\.[a-z2-7]{26}\\.\\d{6}\\.';
const REFERENCE = '[a-z2-7]{26}';

/**
 * Throws DataError `PROJECTION_BREAKS_CONTRACT` where code put an envelope, or a reference of a person, into a column that more
 * people see than the protected columns of its events: of which one a value is, nobody can tell, so the highest counts.
 */
export async function refuseSealed(folded: FoldedRows): Promise<void> {
  const { contract, source } = folded;
  const sealed = source.columns.filter(isSealedColumn);
  if (contract.fold.kind !== 'code' || sealed.length === 0) return;
  const highest = highestOf(sealed.map(({ classification }) => classification));
  const [stream] = contract.key;
  for (const column of contract.columns) {
    const isSeen = column.type.kind === 'string' && isLower(column.classification, highest);
    if (!isSeen || column.name === stream) continue;
    const row = (await withEnvelope(folded, column)) ?? (await withReference(folded, column));
    if (row === undefined) continue;
    const named = (folded.code.tell ?? ((text: string) => text))(textOf(row, 'stream$'), 'stream');
    const version = textOf(row, 'version$');
    const { dataset } = contract;
    throw new DataError(
      'PROJECTION_BREAKS_CONTRACT',
      `projections/${folded.code.file} gives the ${column.classification} column ${column.name} protected values of ${source.dataset} (stream ${named}, version ${version}). ${dataset} stays as it was; classify ${column.name} ${highest} in its contract, or leave them out, and 'assay project ${dataset}' goes on.`,
      { context: { dataset, stream: named, version } },
    );
  }
}

/** The first row in whose column an envelope stands. */
async function withEnvelope(folded: FoldedRows, column: ContractColumn): Promise<SqlRow | undefined> {
  const where = `regexp_matches(${identifier(column.name)}, ${literal(ENVELOPE)})`;
  const [row] = await folded.engine.rows(`${selectRows(folded)} WHERE ${where} ORDER BY ALL LIMIT 1`);
  return row;
}

/** The first row in whose column a reference stands; what only looks like one is none. */
async function withReference(folded: FoldedRows, column: ContractColumn): Promise<SqlRow | undefined> {
  const { engine, source, events } = folded;
  const names = source.columns.flatMap(({ name, protect }) => (protect?.as === 'pseudonym' ? [name] : []));
  const value = identifier(column.name);
  const looks = `regexp_matches(${value}, ${literal(REFERENCE)})`;
  const found = `${selectRows(folded, `unnest(regexp_extract_all(${value}, ${literal(REFERENCE)})) AS reference$`)} WHERE ${looks}`;
  // All events are read only where something looks like one.
  const [any] = names.length === 0 ? [] : await engine.rows(`${found} LIMIT 1`);
  if (any === undefined) return undefined;
  const all = await events();
  const known = names.map((name) => `SELECT ${identifier(name)} AS reference$ FROM (${all})`);
  const [row] = await engine.rows(
    `SELECT * FROM (${found}) SEMI JOIN (${known.join(' UNION ')}) USING (reference$) ORDER BY ALL LIMIT 1`,
  );
  return row;
}

const selectRows = ({ contract }: FoldedRows, more?: string): string => {
  const [stream = ''] = contract.key;
  const own = `CAST(${identifier(stream)} AS VARCHAR) AS stream$, CAST(${STREAM_VERSION_NAME} AS VARCHAR) AS version$`;
  return `SELECT ${own}${more === undefined ? '' : `, ${more}`} FROM rebuilt`;
};
