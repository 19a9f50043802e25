import type { SourceContract } from '../contract/contract.ts';
import type { Layout } from '../csv/layout.ts';
import { findInColumn } from './pii/find-in-column.ts';
import type { PiiCount } from './pii/pii-count.ts';
import { watchedColumns } from './pii/watched-columns.ts';
import { cellText, type PlainRecords } from './plain-records.ts';

/** Looks for personal data in what stays in the clear. */
export interface ClearWatch {
  look(records: PlainRecords, record: number): void;
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
  return {
    look(records, record) {
      for (const { column, field, find } of watched)
        for (const kind of find(cellText(records, record, field))) {
          const name = `${column} ${kind}`;
          const count = counts.get(name) ?? { column, kind, records: 0 };
          count.records++;
          counts.set(name, count);
        }
    },
    found: () => [...counts.values()],
  };
}
