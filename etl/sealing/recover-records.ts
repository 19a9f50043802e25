import type { SourceContract } from '../contract/contract.ts';
import { Gathering, positionsOf } from '../csv/gathering.ts';
import type { FileToRead, Span } from '../csv/open-file.ts';
import { cutSegments, SEGMENT_BYTES } from '../csv/segments.ts';
import { type Engine, integerOf, readParquet, textOf } from '../engine/engine.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { measureByColumn, measureColumn, measureValues } from '../refining/rejects.ts';
import { unopenedReading } from '../refining/sealed-reading.ts';
import { stageSegment } from '../refining/staged-segment.ts';

/** What recovering needs. */
export interface RecoverInput {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly scratch: Scratch;
  readonly contract: SourceContract;
  readonly digestKey: string;
  /** What the chunks of the run read. */
  readonly files: readonly FileToRead[];
  /** By index of a file. */
  readonly sourceFileIds: ReadonlyMap<number, string>;
  /** Parquet files of the suspects that refine kept. */
  readonly suspectPaths: readonly string[];
}

/**
 * Adds the records of `excluded` to `rejects` as they came, since Silver keeps only typed values: from the
 * `suspects` that refine kept, and the others from their source files, which are read once more for them.
 */
export async function recoverExcluded(input: RecoverInput): Promise<void> {
  const { engine, data, scratch, contract, digestKey, sourceFileIds, suspectPaths } = input;
  if (suspectPaths.length > 0) {
    const measures = contract.measures.map((_, n) => `, ${measureColumn(n)}, ${measureByColumn(n)}`).join('');
    await rejectExcluded(engine, { from: readParquet(suspectPaths), record: 'record', measures });
  }
  const missing = await missingRows(engine);
  const rowsOf = (index: number): readonly number[] => missing.get(sourceFileIds.get(index) ?? '') ?? [];
  const files = input.files.filter(({ index, span }) => rowsOf(index).some((row) => isWithin(row, span)));
  for await (const event of cutSegments(files, { contract, data, scratch, segmentBytes: SEGMENT_BYTES })) {
    if (event.kind !== 'segment') continue;
    const { segment } = event;
    const positions = positionsOf(segment, rowsOf);
    if (positions.length > 0) {
      const gathering = new Gathering(segment.layout, { contract, scratch, name: 'excluded.csv' });
      await gathering.add(segment, positions);
      const picked = await gathering.close();
      const sealed = unopenedReading(contract);
      await stageSegment(engine, picked, { contract, digestKey, look: 'closer', sourceFileIds, sealed });
      await rejectExcluded(engine, {
        from: 'staged',
        record: 'record$',
        measures: measureValues(contract, 'found'),
      });
      await scratch.remove(picked.path);
    }
    await scratch.remove(segment.path);
  }
}

function isWithin(row: number, span: Span | undefined): boolean {
  return span === undefined || (row >= span.first.row && row < span.first.row + span.records);
}

/** Excluded records that aren't among the rejects yet: their row numbers, ascending, by source_file_id. */
async function missingRows(engine: Engine): Promise<Map<string, number[]>> {
  const rows = await engine.rows(
    `SELECT source_file_id, source_row_number FROM excluded
     ANTI JOIN rejects USING (source_file_id, source_row_number) ORDER BY source_file_id, source_row_number`,
  );
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const id = textOf(row, 'source_file_id');
    const known = found.get(id);
    if (known === undefined) found.set(id, [integerOf(row, 'source_row_number')]);
    else known.push(integerOf(row, 'source_row_number'));
  }
  return found;
}

/** Where excluded records are found, and under which SQL their raw values. */
interface FoundRecords {
  readonly from: string;
  readonly record: string;
  readonly measures: string;
}

async function rejectExcluded(engine: Engine, { from, record, measures }: FoundRecords): Promise<void> {
  await engine.run(
    `INSERT INTO rejects SELECT found.source_file_id, found.source_row_number, NULL, row_hash,
       [{'rule': CASE excluded.code WHEN 'DUPLICATE' THEN 'key' ELSE 'condemned before' END, 'column': NULL, 'code': excluded.code, 'value': NULL}],
       ${record}, NULL, false, NULL, 0${measures}
     FROM ${from} AS found JOIN excluded USING (source_file_id, source_row_number)`,
  );
}
