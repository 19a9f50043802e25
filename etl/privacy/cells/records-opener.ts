import { newCellBytes } from '../cell-bytes.ts';
import type { Rows } from '../protection-plan.ts';
import type { CellWorkers } from './cell-work.ts';
import { KeyNames, type VaultOfKeys } from './key-names.ts';
import { OpeningBatch } from './opening-batch.ts';

/** What stands in sealed cells of many records. */
export interface OpenedTexts {
  /**
   * By field what stands in its cells, record by record, with a separator between two: the values, or one of UNOPENED; of
   * a cell that doesn't begin with `~`, and of one that isn't there, nothing.
   */
  readonly texts: readonly string[];
  /** Whether a value among them may begin or end with a blank; where it is false, none does. */
  readonly hasEdgeBlanks: boolean;
}

/** Opens the sealed cells of many records. */
export interface RecordsOpener {
  open(records: RecordsToRead, fields: readonly number[], separator: string): Promise<OpenedTexts>;
}

/** Records whose cells can be found. */
type RecordsToRead = Pick<Rows, 'count' | 'find'>;

/** What opens records with the keys of a vault, which is asked once a call. Not to be kept longer than the work on one chunk. */
export async function openRecords(
  vault: VaultOfKeys,
  work: Pick<CellWorkers, 'work' | 'lanes'>,
): Promise<RecordsOpener> {
  const columns = await vault.columns();
  return {
    async open(records, fields, separator) {
      const names = new KeyNames(columns, records.count * fields.length);
      const cell = newCellBytes();
      for (let record = 0; record < records.count; record++)
        for (const field of fields) names.add(records.find(record, field, cell) ? cell : NOTHING);
      const batch = new OpeningBatch(work, names, await names.keys(vault));
      for (let record = 0; record < records.count; record++)
        for (const field of fields) batch.add(records.find(record, field, cell) ? cell : NOTHING);
      const opened = await batch.opened();
      const texts = fields.map((_, field) => opened.joined({ field, fields: fields.length, separator }));
      return { texts, hasEdgeBlanks: opened.hasEdgeBlanks };
    },
  };
}

const NOTHING = newCellBytes();
