import { join } from 'node:path';
import type { SourceContract } from '../contract/contract.ts';
import { withEngine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { writeDataFiles } from '../engine/write-data-files.ts';
import { ConfigError, ConflictError } from '../errors.ts';
import { runFolder } from '../naming/tables.ts';
import { keepDecision, type Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { boundedColumns } from '../stages/bounded-columns.ts';
import { commitTables } from '../stages/commit-tables.ts';
import { openDatasetTable } from '../stages/dataset-tables.ts';
import { followCatalog } from '../stages/follow-catalog.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { newRunId } from '../stages/run-id.ts';
import { movePointer, type ReadPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { CONDEMNED_CODE } from './current-rejects.ts';
import { countRecords, findRecords, loadFailedRecords, type RecordFilter } from './records.ts';

/** How often a lost race is run again. */
const ATTEMPTS = 5;

/** What was condemned. */
export interface Condemned {
  readonly dataset: string;
  /** row_hash of each record. */
  readonly records: readonly string[];
  /** Version of the pointer. */
  readonly version: number;
}

/**
 * Condemns the open records that a filter means, by a person's word: they are appended to the condemned records with all
 * their reasons and that one, in one commit, and are condemned at once when they come again. Throws ConfigError
 * `NO_RECORDS` where none is open.
 */
export async function condemnRecords(
  effects: Effects,
  contract: SourceContract,
  filter: RecordFilter,
  word: Word,
): Promise<Condemned> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await condemnOnce(effects, contract, filter, word);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function condemnOnce(
  effects: Effects,
  contract: SourceContract,
  filter: RecordFilter,
  word: Word,
): Promise<Condemned> {
  const { dataset } = contract;
  const base = await readKnownPointer(effects.objects, 'silver', dataset);
  const id = newRunId(effects.clock.now());
  const { files, records } = await stage(effects, { contract, base, filter, word, id });
  if (base === undefined || records.length === 0) throw noRecords(dataset);
  const { pointer, etag } = base;
  const { run_id, seal_digest, contract_version, contract_digest } = pointer;
  const committed_at = effects.clock.now().toISOString();
  const version = pointer.version + 1;
  const state = { dataset, version, run_id, seal_digest, contract_version, contract_digest, committed_at };
  const tables = await commitTables(effects, {
    contract,
    base: pointer,
    state,
    attempt: `${id}:${etag}`,
    changes: { condemned: { add: files } },
  });
  await movePointer(effects.objects, 'silver', { ...pointer, ...state, execution: id, tables }, etag);
  const details = { records: records.length, version };
  await keepDecision(effects, { kind: 'condemned', dataset, ...word, runId: null, details });
  await followCatalog(effects, contract);
  return { dataset, records, version };
}

interface Staging {
  readonly contract: SourceContract;
  readonly base: ReadPointer | undefined;
  readonly filter: RecordFilter;
  readonly word: Word;
  readonly id: string;
}

/** Writes the records' rows for the table of condemned records; nobody sees them yet. */
async function stage(
  effects: Effects,
  { contract, base, filter, word, id }: Staging,
): Promise<{ files: DataFile[]; records: string[] }> {
  const { dataset, version } = contract;
  const scratch = await effects.openScratch(`condemn-${id}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      await loadFailedRecords(engine, effects, dataset);
      if ((await countRecords(engine, filter, { states: ['open'] })) === 0) return { files: [], records: [] };
      const records = (await findRecords(engine, filter, { states: ['open'] })).map(({ rowHash }) => rowHash);
      await engine.run('CREATE OR REPLACE TEMP TABLE chosen (row_hash VARCHAR)');
      await engine.append(
        'chosen',
        records.map((hash) => [hash]),
      );
      const said = `{'rule': ${literal(`${word.by}: ${word.reason}`)}, 'column': NULL, 'code': '${CONDEMNED_CODE}', 'value': NULL}`;
      const select = `SELECT row_hash, source_file_id, source_file, source_row_number, source_line, CAST(failures AS INTEGER) AS attempt_count,
          CAST(${literal(effects.clock.now().toISOString())} AS TIMESTAMPTZ) AS ingestion_timestamp, ${literal(id)} AS run_id, contract_version,
          list_append(reasons, ${said}) AS reasons, record, raw_text
        FROM failed_records SEMI JOIN chosen USING (row_hash) ORDER BY source_file, source_row_number`;
      const table = await openDatasetTable(effects.objects, contract, base?.pointer, 'condemned');
      const root = runFolder(table.root, version, id);
      const files = await writeDataFiles(select, {
        engine,
        data: effects.data,
        scratch,
        table,
        root,
        part: '0000',
        bounded: boundedColumns(contract, 'condemned'),
      });
      return { files, records };
    });
  } finally {
    await scratch.dispose();
  }
}

function noRecords(dataset: string): ConfigError {
  return new ConfigError(
    'NO_RECORDS',
    `No open record of ${dataset} matches: 'assay quarantine list --dataset ${dataset}' lists the open records.`,
    { context: { dataset } },
  );
}
