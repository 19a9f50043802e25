import type { SourceContract } from '../contract/contract.ts';
import { Gathering, positionsOf } from '../csv/gathering.ts';
import type { SegmentEvent } from '../csv/segments.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import type { Scratch } from '../ports.ts';
import { unopenedReading } from '../refining/sealed-reading.ts';
import { stageSegment } from '../refining/staged-segment.ts';

/** Which records of segments are read once more. */
export interface RecordsAgain {
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly digestKey: string;
  /** By index of a file. */
  readonly sourceFileIds: ReadonlyMap<number, string>;
  /** Row numbers, ascending, by source_file_id. */
  readonly wanted: ReadonlyMap<string, readonly number[]>;
}

/** Segments of source files, each with the contract by which it is read. */
export type SegmentsToRead = AsyncIterable<{
  readonly event: SegmentEvent;
  readonly contract: SourceContract;
}>;

/**
 * Stages some records of segments once more as they came, in the view `staged`, for the caller to take them from there
 * each time that the contract of their reading is given back. Removes the segments' files.
 */
export async function* recordsAgain(
  segments: SegmentsToRead,
  { engine, scratch, digestKey, sourceFileIds, wanted }: RecordsAgain,
): AsyncGenerator<SourceContract> {
  const rowsOf = (index: number): readonly number[] => wanted.get(sourceFileIds.get(index) ?? '') ?? [];
  for await (const { event, contract } of segments) {
    if (event.kind !== 'segment') continue;
    const { segment } = event;
    const positions = positionsOf(segment, rowsOf);
    if (positions.length > 0) {
      const gathering = new Gathering(segment.layout, { contract, scratch, name: 'again.csv' });
      await gathering.add(segment, positions);
      const picked = await gathering.close();
      const sealed = unopenedReading(contract);
      await stageSegment(engine, picked, {
        contract,
        digestKey,
        look: 'closer',
        sourceFileIds,
        scratch,
        sealed,
      });
      yield contract;
      await scratch.remove(picked.path);
    }
    await scratch.remove(segment.path);
  }
}

/** Row numbers, ascending, by source_file_id, from a SELECT of places (source_file_id, source_row_number). */
export async function placesOf(engine: Engine, select: string): Promise<Map<string, number[]>> {
  const rows = await engine.rows(`${select} ORDER BY source_file_id, source_row_number`);
  const found = new Map<string, number[]>();
  for (const row of rows) {
    const id = textOf(row, 'source_file_id');
    const known = found.get(id);
    if (known === undefined) found.set(id, [integerOf(row, 'source_row_number')]);
    else known.push(integerOf(row, 'source_row_number'));
  }
  return found;
}
