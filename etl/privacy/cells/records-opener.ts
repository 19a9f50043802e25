import type { Buffer } from 'node:buffer';
import { type CellBytes, newCellBytes } from '../cell-bytes.ts';
import type { CellWorkers } from './cell-work.ts';
import { KeyNames, type VaultOfKeys } from './key-names.ts';
import { OpeningBatch } from './opening-batch.ts';

/** Opens the sealed cells of many records. */
export interface RecordsOpener {
  /**
   * By field what stands in its cells, with a separator between two: the values, or one of UNOPENED; of a cell that doesn't
   * begin with `~` nothing. The cells come by field too, with a NUL between two, as many in each.
   */
  open(fields: readonly Buffer[], separator: string): Promise<readonly string[]>;
}

/** What opens records with the keys of a vault, which is asked once a call. Not to be kept longer than the work on one chunk. */
export async function openRecords(
  vault: VaultOfKeys,
  work: Pick<CellWorkers, 'work' | 'lanes'>,
): Promise<RecordsOpener> {
  const columns = await vault.columns();
  return {
    async open(fields, separator) {
      const cells = fields.map((bytes): FieldCells => ({ bytes, ends: endsOf(bytes) }));
      const records = cells[0]?.ends.length ?? 0;
      if (cells.some(({ ends }) => ends.length !== records)) throw new RangeError('a field has fewer cells');
      const names = new KeyNames(columns, records * fields.length);
      const cell = newCellBytes();
      for (let record = 0; record < records; record++)
        for (const field of cells) names.add(cellAt(field, record, cell));
      const batch = new OpeningBatch(work, names, await names.keys(vault));
      for (let record = 0; record < records; record++)
        for (const field of cells) batch.add(cellAt(field, record, cell));
      const opened = await batch.opened();
      return cells.map((_, field) => opened.joined({ field, fields: fields.length, separator }));
    },
  };
}

/** The cells of a field of all records. */
interface FieldCells {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

function cellAt({ bytes, ends }: FieldCells, record: number, cell: CellBytes): CellBytes {
  cell.bytes = bytes;
  cell.start = record === 0 ? 0 : (ends[record - 1] ?? 0) + 1;
  cell.end = ends[record] ?? 0;
  return cell;
}

/** Where each of the texts ends that have a NUL between two. */
function endsOf(bytes: Buffer): Uint32Array<ArrayBuffer> {
  let ends = new Uint32Array(1024);
  let count = 0;
  for (let end = bytes.indexOf(0); ; end = bytes.indexOf(0, end + 1)) {
    if (count === ends.length) {
      const larger = new Uint32Array(2 * count);
      larger.set(ends);
      ends = larger;
    }
    ends[count++] = end < 0 ? bytes.length : end;
    if (end < 0) return ends.subarray(0, count);
  }
}
