import type { SourceContract } from '../../contract/contract.ts';
import type { Opened } from '../../csv/opened.ts';
import { type FileRecord, fileRecords } from '../../privacy/file-records.ts';
import type { ClearFile } from './clear-files.ts';
import { openSource, type Sealing } from './seal-file.ts';

/** A record of a source file as it came, and as it is sealed, by column. */
export interface TwinRecord {
  readonly row: number;
  readonly clear: Readonly<Record<string, string>>;
  readonly sealed: Readonly<Record<string, string>>;
}

/** The records of a clear file and of the object that it was sealed under, those that can be parsed, by column. */
export async function* twinRecords(
  file: ClearFile,
  key: string,
  sealing: Sealing,
): AsyncGenerator<TwinRecord> {
  const { effects, contract } = sealing;
  const [clear, sealed] = [
    await openSource(file, effects, contract),
    await openSource({ key }, effects, contract),
  ];
  try {
    if (clear.opened.kind !== 'open' || sealed.opened.kind !== 'open') return;
    const names = namesOf(clear.opened.layout, contract);
    const others = fileRecords(sealed.opened);
    for await (const one of fileRecords(clear.opened)) {
      const other = (await others.next()).value as FileRecord | undefined;
      if (other === undefined || one.broken !== undefined || other.broken !== undefined) continue;
      const byName = ({ cells }: FileRecord) =>
        Object.fromEntries(names.map(([field, name]) => [name, cells[field] ?? '']));
      yield { row: one.row, clear: byName(one), sealed: byName(other) };
    }
  } finally {
    for (const { opened, scratch } of [clear, sealed]) {
      if (opened.kind === 'open') await opened.window.close();
      await scratch.dispose();
    }
  }
}

/** What stands in the fields of a file, by the contract's names or its own. */
export function namesOf(
  { columns: fields, unknown }: Opened['layout'],
  { columns }: SourceContract,
): [field: number, name: string][] {
  const known = fields.flatMap((field, n): [number, string][] =>
    field === undefined ? [] : [[field, columns[n]?.name ?? '']],
  );
  return [...known, ...unknown.map(({ field, name }): [number, string] => [field, name])];
}
