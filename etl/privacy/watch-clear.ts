import type { SourceContract } from '../contract/contract.ts';
import type { Layout } from '../csv/layout.ts';
import { findInColumn } from './pii/find-in-column.ts';
import { mayHoldPii } from './pii/find-pii.ts';
import type { PiiCount } from './pii/pii-count.ts';
import { watchedColumns } from './pii/watched-columns.ts';
import { cellEnd, cellStart, cellText, type PlainRecords } from './plain-records.ts';

/** Looks for personal data in what stays in the clear. */
export interface ClearWatch {
  look(records: PlainRecords, record: number): void;
  /** The columns in which a record holds some; it isn't counted. */
  columnsOf(records: PlainRecords, record: number): string[];
  /** What was found so far, by column and kind; never a value. */
  found(): PiiCount[];
}

/** A watch over the columns of a file that anyone of the company may read once they are stored. */
export function watchClear(contract: Pick<SourceContract, 'columns'>, layout: Layout): ClearWatch {
  const counts = new Map<string, { column: string; kind: string; records: number }>();
  const watched = watchedColumns(contract).flatMap((column) => {
    const field = layout.columns[contract.columns.findIndex(({ name }) => name === column.name)];
    return field === undefined ? [] : [{ column: column.name, field, find: findInColumn(column) }];
  });
  const kindsOf = (
    { field, find }: (typeof watched)[number],
    records: PlainRecords,
    record: number,
  ): readonly string[] => {
    const [start, end] = [cellStart(records, record, field), cellEnd(records, record, field)];
    if (isMoment(records.bytes, start, end) || !mayHoldPii(records.bytes, start, end)) return [];
    return find(cellText(records, record, field));
  };
  return {
    columnsOf: (records, record) =>
      watched.filter((one) => kindsOf(one, records, record).length > 0).map(({ column }) => column),
    look(records, record) {
      for (const one of watched) {
        const { column } = one;
        for (const kind of kindsOf(one, records, record)) {
          const name = `${column} ${kind}`;
          const count = counts.get(name) ?? { column, kind, records: 0 };
          count.records++;
          counts.set(name, count);
        }
      }
    },
    found: () => [...counts.values()],
  };
}

const MOMENT = '0000-00-00T00:00:00Z';

/** Whether a cell has the shape of a time in UTC to the second, which no kind of personal data has within it. */
function isMoment(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== MOMENT.length) return false;
  for (let n = 0; n < MOMENT.length; n++) {
    const [byte, sign] = [bytes[start + n] ?? 0, MOMENT.charCodeAt(n)];
    if (sign === DIGIT ? byte < DIGIT || byte > DIGIT + 9 : byte !== sign) return false;
  }
  return true;
}

const DIGIT = 0x30;
