import type { SourceContract } from '../contract/contract.ts';
import { cutSegments } from '../csv/segments.ts';
import { type Engine, textOf } from '../engine/engine.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { measureSql } from '../refining/rejects.ts';
import { stageSegment } from '../refining/staged-segment.ts';
import type { PlannedFile } from '../stages/documents.ts';

/** What recovering needs. */
export interface RecoverInput {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly scratch: Scratch;
  readonly contract: SourceContract;
  readonly digestKey: string;
  readonly files: readonly PlannedFile[];
}

const SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * Adds the records of `excluded` to `rejects` as they came: Silver keeps only typed values, so their source
 * files are read once more. Files without an excluded record aren't touched.
 */
export async function recoverExcluded(input: RecoverInput): Promise<void> {
  const { engine, data, scratch, contract, digestKey } = input;
  const rows = await engine.rows('SELECT DISTINCT source_file_id FROM excluded');
  const wanted = new Set(rows.map((row) => textOf(row, 'source_file_id')));
  const files = input.files.filter((file) => wanted.has(file.sourceFileId) && file.repeatOf === undefined);
  const sourceFileIds = new Map(files.map((file) => [file.index, file.sourceFileId]));
  const measures = contract.measures.map((_, n) => measureSql(contract, n));
  const values = measures.map(({ value, by }) => `, ${value}, ${by}`).join('');
  for await (const event of cutSegments(files, { contract, data, scratch, segmentBytes: SEGMENT_BYTES })) {
    if (event.kind !== 'segment') continue;
    await stageSegment(engine, event.segment, { contract, digestKey, keepRecords: 'all', sourceFileIds });
    await scratch.remove(event.segment.path);
    await engine.run(
      `INSERT INTO rejects SELECT staged.source_file_id, staged.source_row_number, NULL, row_hash,
         [{'rule': CASE excluded.code WHEN 'DUPLICATE' THEN 'key' ELSE 'condemned before' END, 'column': NULL, 'code': excluded.code, 'value': NULL}],
         record, NULL, false${values}
       FROM staged JOIN excluded ON excluded.source_file_id = staged.source_file_id AND excluded.source_row_number = staged.source_row_number`,
    );
  }
}
