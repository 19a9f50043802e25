import { SEGMENT_BYTES } from '../csv/segments.ts';
import { integerOf, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { gaveWayReasonSql } from '../eventstore/gave-way.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import { type FileInDialect, segmentsInDialects } from '../stages/dialects.ts';
import { ledgerRows } from '../stages/ledger.ts';
import { placesOf, recordsAgain } from './records-again.ts';
import type { Sealing } from './sealing.ts';

/**
 * Makes the table `gave_way_rejects`, in the columns of a reject table: the events of `gave_way` as they came, read from their
 * source files once more, with the reason that names the event that stays. Their run is the one that read them, so that
 * each record of a file stays accounted for where its last reading is; when it gave way is its ingestion_timestamp.
 * Throws DataError `RECORD_MISSING` where a source file doesn't have such a record any more.
 */
export async function recoverGaveWay(
  sealing: Sealing,
  contract: EventContract,
  tables: DatasetTables,
): Promise<void> {
  const { effects, engine, scratch } = sealing;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE gave_way_files AS SELECT source_file_id, run_id, source_file, contract_version, nullif(dialect_digest, contract_digest) AS dialect
     FROM (${await ledgerRows(tables)}) WHERE status = 'accepted' AND (source_file_id, run_id) IN (SELECT (source_file_id, run_id) FROM gave_way)`,
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE gave_way_records (source_file_id VARCHAR, source_row_number BIGINT, record VARCHAR)',
  );
  const { files, sourceFileIds } = await filesToRead(sealing);
  const { objects, data } = effects;
  const segments = segmentsInDialects(files, {
    ...{ objects, data, contract, scratch },
    segmentBytes: SEGMENT_BYTES,
  });
  const wanted = await placesOf(engine, 'SELECT source_file_id, source_row_number FROM gave_way');
  const digestKey = effects.digestKey();
  const again = { engine, scratch, digestKey, sourceFileIds, wanted };
  for await (const _ of recordsAgain(segments, again))
    await engine.run(
      'INSERT INTO gave_way_records SELECT source_file_id, source_row_number, record$ FROM staged',
    );
  await makeRejects(sealing, contract);
}

/** The source files with events that gave way, each with an index. */
async function filesToRead({
  engine,
}: Sealing): Promise<{ files: FileInDialect[]; sourceFileIds: Map<number, string> }> {
  const rows = await engine.rows(
    'SELECT source_file_id, source_file, dialect FROM gave_way_files ORDER BY source_file',
  );
  return {
    files: rows.map((row, index) => ({
      index,
      key: textOf(row, 'source_file'),
      ...(typeof row.dialect === 'string' ? { dialect: row.dialect } : {}),
    })),
    sourceFileIds: new Map(rows.map((row, index) => [index, textOf(row, 'source_file_id')])),
  };
}

async function makeRejects(
  { effects, engine, context: { plan } }: Sealing,
  contract: EventContract,
): Promise<void> {
  const reason = gaveWayReasonSql({ contract, digestKey: effects.digestKey() }, 'g.stays$');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE gave_way_rejects AS
     SELECT g.row_hash, g.source_file_id, f.source_file, g.source_row_number, CAST(NULL AS BIGINT) AS source_line, CAST(g.attempt_count + 1 AS INTEGER) AS attempt_count,
       CAST(${literal(plan.plannedAt)} AS TIMESTAMPTZ) AS ingestion_timestamp, g.run_id, f.contract_version, [${reason}] AS reasons, r.record, CAST(NULL AS VARCHAR) AS raw_text
     FROM gave_way AS g JOIN gave_way_files AS f USING (source_file_id, run_id) JOIN gave_way_records AS r USING (source_file_id, source_row_number)
     ORDER BY f.source_file, g.source_row_number`,
  );
  const [row = {}] = await engine.rows(
    'SELECT (SELECT count(*) FROM gave_way) - (SELECT count(*) FROM gave_way_rejects) AS missing',
  );
  const missing = integerOf(row, 'missing');
  if (missing === 0) return;
  throw new DataError(
    'RECORD_MISSING',
    `${missing} events of ${plan.dataset} that give way to others are not in their source files any more: 'assay audit --dataset ${plan.dataset}' says which files changed; restore them from a backup.`,
    { context: { dataset: plan.dataset, runId: plan.runId } },
  );
}
