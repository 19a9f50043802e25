import type { SourceContract } from '../contract/contract.ts';
import type { FileToRead, Span } from '../csv/open-file.ts';
import { cutSegments, SEGMENT_BYTES } from '../csv/segments.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import { duplicateReasonSql } from '../eventstore/gave-way.ts';
import type { DataStore, Scratch } from '../ports.ts';
import { measureByColumn, measureColumn, measureValues } from '../refining/rejects.ts';
import { placesOf, recordsAgain, type SegmentsToRead } from './records-again.ts';
import { someCopies } from './some-copies.ts';

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
  /** Keys of the Parquet files of the suspects that refine kept. */
  readonly suspects: readonly string[];
}

/**
 * Adds the records of `excluded` to `rejects` as they came, since Silver keeps only typed values: from the
 * `suspects` that refine kept, and the others from their source files, which are read once more for them.
 */
export async function recoverExcluded(input: RecoverInput): Promise<void> {
  const { engine, data, contract, sourceFileIds, suspects } = input;
  const measures = contract.measures.map((_, n) => `, ${measureColumn(n)}, ${measureByColumn(n)}`).join('');
  for await (const paths of someCopies(data, suspects))
    await rejectExcluded(input, { from: readParquet(paths), record: 'record', measures });
  const wanted = await missingRows(engine);
  const isWanted = ({ index, span }: FileToRead): boolean =>
    (wanted.get(sourceFileIds.get(index) ?? '') ?? []).some((row) => isWithin(row, span));
  const segments = segmentsOf(input.files.filter(isWanted), input);
  for await (const reading of recordsAgain(segments, { ...input, wanted }))
    await rejectExcluded(input, {
      from: 'staged',
      record: 'record$',
      measures: measureValues(reading, 'found'),
    });
}

async function* segmentsOf(
  files: readonly FileToRead[],
  { contract, data, scratch }: RecoverInput,
): SegmentsToRead {
  for await (const event of cutSegments(files, { contract, data, scratch, segmentBytes: SEGMENT_BYTES }))
    yield { event, contract };
}

function isWithin(row: number, span: Span | undefined): boolean {
  return span === undefined || (row >= span.first.row && row < span.first.row + span.records);
}

/** Excluded records that aren't among the rejects yet. */
function missingRows(engine: Engine): Promise<Map<string, number[]>> {
  return placesOf(
    engine,
    'SELECT source_file_id, source_row_number FROM excluded ANTI JOIN rejects USING (source_file_id, source_row_number)',
  );
}

/** Where excluded records are found, and under which SQL their raw values. */
interface FoundRecords {
  readonly from: string;
  readonly record: string;
  readonly measures: string;
}

/** Of an event that is a duplicate, the reason names the event that stays; needs `stays`. */
async function rejectExcluded(
  { engine, contract, digestKey }: RecoverInput,
  { from, record, measures }: FoundRecords,
): Promise<void> {
  const reason = `{'rule': CASE excluded.code WHEN 'DUPLICATE' THEN 'key' ELSE 'condemned before' END, 'column': NULL, 'code': excluded.code, 'value': NULL}`;
  const ofEvents = isOfEvents(contract)
    ? `CASE WHEN stays.event IS NULL THEN ${reason} ELSE ${duplicateReasonSql({ contract, digestKey }, 'stays.event')} END`
    : reason;
  await engine.run(
    `INSERT INTO rejects SELECT found.source_file_id, found.source_row_number, NULL, row_hash,
       [${ofEvents}],
       ${record}, NULL, false, NULL, 0${measures}
     FROM ${from} AS found JOIN excluded USING (source_file_id, source_row_number)
       LEFT JOIN stays USING (source_file_id, source_row_number)`,
  );
}
