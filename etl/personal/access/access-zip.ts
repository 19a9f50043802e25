import { csvCell } from '../../answers/cell.ts';
import type { ZipMember } from '../../answers/zip.ts';
import type { SqlValue } from '../../engine/engine.ts';
import type { StoredRecord } from '../find-records.ts';
import type { PersonData } from './access-person.ts';

/** Lineage stands in front of the values, under these names. */
const LINEAGE = ['layer', 'source_file', 'source_row_number', 'run_id'] as const;

/** What is handed to a person: all records as JSON, and as CSV with a file for each dataset and layer. */
export function accessMembers(data: PersonData): ZipMember[] {
  const groups = new Map<string, StoredRecord[]>();
  for (const record of data.records) {
    const name = `${record.dataset}.${isWhole(record) ? 'unread' : record.layer}.csv`;
    groups.set(name, [...(groups.get(name) ?? []), record]);
  }
  return [
    { name: 'records.json', texts: [`${JSON.stringify(data, null, 2)}\n`] },
    ...[...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, records]) => ({ name, texts: csvOf(records) })),
  ];
}

/** Of a record that couldn't be parsed there is only its text. */
const isWhole = ({ values }: StoredRecord): boolean => Object.keys(values).join() === 'text';

function* csvOf(records: readonly StoredRecord[]): Generator<string> {
  const columns = [...new Set(records.flatMap(({ values }) => Object.keys(values)))].filter(
    (name) => !LINEAGE.some((one) => one === name),
  );
  const hasReasons = records.some(({ reasons }) => reasons !== null);
  const line = (cells: readonly SqlValue[]): string => `${cells.map(csvCell).join(',')}\r\n`;
  yield line([...LINEAGE, ...columns, ...(hasReasons ? ['reasons'] : [])]);
  for (const { layer, sourceFile, sourceRowNumber, runId, values, reasons } of records)
    yield line([
      ...[layer, sourceFile, sourceRowNumber, runId],
      ...columns.map((name) => values[name] ?? null),
      ...(hasReasons ? [reasons] : []),
    ]);
}
