import type { BrokenRecord } from '../csv/broken-record.ts';
import type { Opened } from '../csv/opened.ts';
import { readPieces } from '../csv/pieces.ts';
import { cellEnd, cellStart, cellText, plainRecords } from './plain-records.ts';

/** A record of a file: the texts of its cells, and of one that can't be parsed what is known of it. */
export interface FileRecord {
  readonly row: number;
  readonly cells: readonly string[];
  /** Its bytes in plain signs, without the line end. */
  readonly text: string;
  /** Whether nothing stands in a place, not even quotes. */
  readonly isAbsent: (field: number) => boolean;
  readonly broken?: BrokenRecord;
}

/** The records of an opened file, in order. Whoever opened it closes it. */
export async function* fileRecords({ window, format, layout, first }: Opened): AsyncGenerator<FileRecord> {
  const { fields } = layout;
  let row = first.row;
  for await (const piece of readPieces(window, format, first)) {
    // The window's bytes are used again for the next piece.
    const records = plainRecords(Uint8Array.from(piece.bytes), fields, format.plain);
    const broken = new Map(piece.broken.map((one) => [one.row, one]));
    for (let record = 0; record < records.count; record++) {
      const found = broken.get(row + record);
      yield {
        row: row + record,
        cells: Array.from({ length: fields }, (_, field) => cellText(records, record, field)),
        text: records.bytes.toString(
          'utf8',
          cellStart(records, record, 0),
          cellEnd(records, record, fields - 1),
        ),
        isAbsent: (field) => cellStart(records, record, field) === cellEnd(records, record, field),
        ...(found === undefined ? {} : { broken: found }),
      };
    }
    row += piece.rows;
  }
}
