import { Buffer } from 'node:buffer';
import type { CellBytes } from './cell-bytes.ts';
import { cellEnd, cellStart, cellText, type PlainRecords } from './plain-records.ts';
import type { Row, Rows } from './protection-plan.ts';

/** Rows of texts. */
export const textRows = (rows: readonly Row[]): Rows => ({
  count: rows.length,
  row: (n) => rows[n] ?? [],
  cell: (n, place) => rows[n]?.[place],
  find(n, place, cell) {
    const text = rows[n]?.[place];
    if (text === undefined) return false;
    setBytes(cell, text);
    return true;
  },
});

/** Plain records as rows; `needed` are the fields that are in a row's texts. */
export function plainRows(records: PlainRecords, needed: readonly number[]): Rows {
  const { bytes, fields, quote } = records;
  return {
    count: records.count,
    row(record) {
      const row: string[] = [];
      for (const field of needed) row[field] = cellText(records, record, field);
      return row;
    },
    cell: (record, field) => cellText(records, record, field),
    find(record, field, cell) {
      if (field < 0 || field >= fields) return false;
      const [start, end] = [cellStart(records, record, field), cellEnd(records, record, field)];
      if (bytes[start] === quote && end - start >= 2) setBytes(cell, cellText(records, record, field));
      else {
        cell.bytes = bytes;
        cell.start = start;
        cell.end = end;
      }
      return true;
    },
  };
}

function setBytes(cell: CellBytes, text: string): void {
  const bytes = Buffer.from(text);
  cell.bytes = bytes;
  cell.start = 0;
  cell.end = bytes.length;
}
