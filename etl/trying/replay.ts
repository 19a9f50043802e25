import { join } from 'node:path';
import { ARRIVAL_NAME, isByArrival } from '../contract/arrival-month.ts';
import { REASONS_TYPE, RECORD_KIND } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { SEGMENT_BYTES } from '../csv/segments.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { retryOf } from '../naming/decisions.ts';
import type { Effects, Scratch } from '../ports.ts';
import { BROKEN_REASONS, brokenFooterSql, IS_FORGOTTEN_BROKEN } from '../refining/rejects.ts';
import { type SealedReading, withSealedReading } from '../refining/sealed-reading.ts';
import { stageBroken, stageSegment } from '../refining/staged-segment.ts';
import { openDatasetTables } from '../stages/dataset-tables.ts';
import { segmentsInDialects } from '../stages/dialects.ts';
import type { Pointer } from '../table/pointer.ts';
import { tryFooters } from './try-footers.ts';

/** A source file as it is read again, in the order in which the files first came. */
export interface TriedFile {
  readonly key: string;
  readonly sourceFileId: string;
  readonly arrivedAt: string;
  /** Digest of the contract whose dialect it is read in, if not the proposed one. */
  readonly dialect?: string;
}

/** What replaying works with. */
export interface Trial {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  /** The contract as it is proposed. */
  readonly proposed: SourceContract;
  readonly files: readonly TriedFile[];
  /** What readers see; undefined where nothing was published. */
  readonly published: Pointer | undefined;
}

/**
 * Reads source files under the proposed contract and makes three tables: `tried_files` (n$, id$, key$, why$: why it can't be
 * read), `tried` (n$, row$, passes$, is_blank$, reasons$), a row for each record, and the view `tried_rows`, the records that pass
 * with the columns of Silver. Nothing of the lake is touched.
 */
export async function replay(trial: Trial): Promise<void> {
  const { engine, effects, proposed } = trial;
  await withSealedReading({ engine, effects, contract: proposed }, (sealed) => replayWith(trial, sealed));
}

async function replayWith(
  { engine, effects, scratch, proposed, files, published }: Trial,
  sealed: SealedReading | undefined,
): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE tried_files (n$ BIGINT, id$ VARCHAR, key$ VARCHAR, why$ VARCHAR)',
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE tried (n$ BIGINT, row$ BIGINT, passes$ BOOLEAN, is_blank$ BOOLEAN, footer$ TINYINT, reasons$ ${REASONS_TYPE})`,
  );
  const ids = new Map(files.map(({ sourceFileId }, index) => [index, sourceFileId]));
  const arrivals = new Map(files.map(({ arrivedAt }, index) => [index, arrivedAt]));
  await engine.append(
    'tried_files',
    files.map(({ key, sourceFileId }, n) => [BigInt(n), sourceFileId, key, '']),
  );
  const digestKey = effects.digestKey();
  const earlier = sealed && { tables: openDatasetTables(effects, proposed, published) };
  const paths: string[] = [];
  const sources = files.map(({ key, dialect }, index) => ({ index, key, dialect }));
  const { objects, data } = effects;
  const options = { objects, contract: proposed, data, scratch, segmentBytes: SEGMENT_BYTES };
  // Files, by the contract in whose dialect they are read; retries have no footer.
  const readings = new Map<SourceContract, Set<number>>();
  const isRetry = (n: number): boolean => retryOf(proposed.dataset, files[n]?.key ?? '') !== undefined;
  for await (const { event, contract } of segmentsInDialects(sources, options)) {
    if (event.kind === 'segment') {
      const own = readings.get(contract) ?? new Set<number>();
      for (const { fileIndex } of event.segment.parts) if (!isRetry(fileIndex)) own.add(fileIndex);
      readings.set(contract, own);
      const { segment } = event;
      await stageSegment(engine, segment, {
        contract,
        digestKey,
        look: 'closer',
        sourceFileIds: ids,
        arrivals,
        scratch,
        sealed,
        earlier,
      });
      await stageBroken(engine, segment, ids);
      const path = join(scratch.directory, `tried-${paths.length}.parquet`);
      await collect(engine, { proposed, reading: contract }, path);
      paths.push(path);
      await scratch.remove(segment.path);
    } else if (event.outcome.kind === 'rejected') {
      const { fileIndex, why } = event.outcome;
      await engine.run(`UPDATE tried_files SET why$ = ${literal(why)} WHERE n$ = ${fileIndex}`);
    }
  }
  const wrong: string[] = [];
  for (const [contract, own] of readings) wrong.push(...(await tryFooters(engine, contract, [...own])));
  const without = wrong.length === 0 ? '' : ` WHERE source_file_id NOT IN (${wrong.map(literal).join(', ')})`;
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW tried_rows AS ${emptyRows(proposed)}${paths.length === 0 ? '' : ` UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}${without}`}`,
  );
}

async function collect(
  engine: Engine,
  { proposed, reading }: { readonly proposed: SourceContract; readonly reading: SourceContract },
  path: string,
): Promise<void> {
  const { blank, totalRow, forgotten } = RECORD_KIND;
  await engine.run(
    `INSERT INTO tried SELECT n$, s.source_row_number, passed$, coalesce(${IS_FORGOTTEN_BROKEN}, false) OR broken.problem IS NULL AND record_kind$ IN (${blank}, ${totalRow}, ${forgotten}),
       CASE WHEN broken.problem IS NULL THEN footer$ ELSE ${brokenFooterSql(reading)} END,
       CASE WHEN broken.problem IS NOT NULL THEN ${BROKEN_REASONS} ELSE reasons$ END
     FROM staged AS s JOIN tried_files ON id$ = s.source_file_id
       LEFT JOIN broken ON broken.source_file_id = s.source_file_id AND broken.source_row_number = s.source_row_number`,
  );
  const staged = new Set([
    ...proposed.columns.map(({ name }) => name),
    ...(proposed.unknownColumns === 'rescue' ? ['rescued'] : []),
    'row_hash',
    'source_file_id',
    'source_row_number',
    ...(isByArrival(proposed) ? [ARRIVAL_NAME] : []),
  ]);
  const names = tableColumns(proposed).flatMap(({ name }) => (staged.has(name) ? [identifier(name)] : []));
  await engine.run(
    `COPY (SELECT ${names.join(', ')} FROM staged WHERE passed$) TO ${literal(path)} (FORMAT parquet)`,
  );
}

function emptyRows(proposed: SourceContract): string {
  const nulls = tableColumns(proposed).map(
    ({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  return `SELECT ${nulls.join(', ')} WHERE false`;
}
