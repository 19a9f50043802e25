import { openFold } from '../asking/open-fold.ts';
import type { ProjectionContract } from '../contract/contract.ts';
import { EVENT_AT_NAME, STREAM_VERSION_NAME } from '../contract/table-columns.ts';
import { type Engine, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { messageOf } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects, Scratch } from '../ports.ts';
import { localPaths } from '../projecting/changed-events.ts';
import { orderEvents } from '../projecting/fold-batches.ts';
import { foldEvents } from '../projecting/fold-events.ts';
import type { FoldCode } from '../projecting/fold-runner.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import type { Pointer, TableState } from '../table/pointer.ts';
import type { Problem } from './problem.ts';

/** What auditing a projection works with. */
export interface ProjectionAudit {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
}

/**
 * Folds a projection anew: all events that it was published from, by the code that it was published by. Every row that
 * readers see must come of that, and every state that it goes on from.
 */
export async function auditProjection(
  audit: ProjectionAudit,
  { dataset }: ProjectionContract,
  pointer: Pointer,
): Promise<Problem[]> {
  const key = tableName('projection', dataset);
  if (pointer.contract_digest === '')
    return [
      {
        code: 'PROJECTION',
        key,
        problem: 'its pointer was repaired: the next run of its events makes it anew',
      },
    ];
  try {
    return (await differences(audit, dataset, pointer)).map((problem) => ({
      code: 'PROJECTION',
      key,
      problem,
    }));
  } catch (error) {
    return [{ code: 'PROJECTION', key, problem: `it can't be folded anew: ${messageOf(error)}` }];
  }
}

async function differences(audit: ProjectionAudit, dataset: string, pointer: Pointer): Promise<string[]> {
  const { engine, effects, scratch } = audit;
  const { events, worker, code, then, known } = await openFold(effects, dataset, { kind: 'now' });
  try {
    await orderEvents(engine, events, (await known(engine, 'true')).sql);
    await engine.run('CREATE OR REPLACE TEMP TABLE going_on (stream VARCHAR, state VARCHAR)');
    await foldEvents({ engine, scratch, contract: then, source: events, code, worker });
  } finally {
    await worker.close();
  }
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE sums AS SELECT stream$, min(version$) AS first_version, max(version$) AS version,
       max(at$) AS "at", count(*) AS events FROM ordered_events GROUP BY stream$`,
  );
  const { projection: rows, projection_state: states } = pointer.tables;
  return [
    ...(await compared(audit, code, { state: rows, ...rowsOf(then) })),
    ...(await compared(audit, code, { state: states, ...STATES })),
  ];
}

/** A published table beside what was folded. */
interface Side {
  readonly state: TableState | undefined;
  readonly stream: string;
  readonly columns: readonly string[];
  /** SELECT of its columns out of what was folded. */
  readonly folded: string;
  readonly what: string;
}

type Compared = Omit<Side, 'state'>;

function rowsOf({ columns, key: [stream = ''] }: ProjectionContract): Compared {
  const own = columns.map(({ name }) => `r.${identifier(name)}`);
  return {
    ...{ stream, what: 'rows are not what its code makes of its events' },
    columns: [...columns.map(({ name }) => name), STREAM_VERSION_NAME, EVENT_AT_NAME],
    folded: `SELECT ${own.join(', ')}, s.version AS ${STREAM_VERSION_NAME}, s."at" AS ${EVENT_AT_NAME} FROM folded_rows AS r JOIN sums AS s USING (stream$)`,
  };
}

const STATES: Compared = {
  ...{ stream: 'stream', what: 'states of streams are not what its code makes of their events' },
  columns: ['stream', 'first_version', 'version', 'at', 'events', 'state'],
  folded: `SELECT f.stream, s.first_version, s.version, s."at", s.events, f.state FROM folded AS f JOIN sums AS s ON s.stream$ = f.stream`,
};

async function compared(
  { engine, effects }: ProjectionAudit,
  code: FoldCode,
  { state, stream, columns, folded, what }: Side,
): Promise<string[]> {
  if (state === undefined) return [];
  const table = await openTable(effects.objects, state);
  const names = columns.map(identifier).join(', ');
  const stored = tableRowsSql(table, await localPaths(effects, await filesOf(table)));
  const published = `SELECT ${names} FROM (${stored})`;
  const made = `SELECT ${names} FROM (${folded})`;
  const differing = `((${published}) EXCEPT ALL (${made})) UNION ALL ((${made}) EXCEPT ALL (${published}))`;
  const [found = {}] = await engine.rows(
    `SELECT CAST(count(*) AS VARCHAR) AS n, coalesce(CAST(min(${identifier(stream)}) AS VARCHAR), '') AS first FROM (${differing})`,
  );
  const [n, first] = [textOf(found, 'n'), textOf(found, 'first')];
  return n === '0' ? [] : [`${n} ${what}, first those of ${code.tell?.(first, 'stream') ?? first}`];
}
