import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { guarded } from '../adapters/local/file-errors.ts';
import type { SourceContract } from '../etl/contract/contract.ts';
import { messageOf } from '../etl/errors.ts';
import { usageError } from './usage-error.ts';

/** Columns of an export beside the contract's own; the first says which record a line is. */
export const EXPORT_COLUMNS = [
  'assay.record',
  'assay.file',
  'assay.row',
  'assay.failures',
  'assay.reasons',
  'assay.raw_text',
] as const;

/** One line of an edited export: the record's row_hash and the values by column. */
export interface EditedLine {
  readonly rowHash: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Reads an edited export; throws ConfigError `USAGE` where it isn't one. */
export async function readEdited(file: string, contract: SourceContract): Promise<EditedLine[]> {
  const text = await guarded(`reading ${file}`, async () => await readFile(file, 'utf8'));
  const [header = [], ...lines] = parseCsv(text, file);
  const known = new Set([...EXPORT_COLUMNS, ...contract.columns.map(({ name }) => name)]);
  const strange = header.filter((name) => !known.has(name));
  if (strange.length > 0)
    throw usageError(`${file} has columns that ${contract.dataset} hasn't got: ${strange.join(', ')}.`);
  const at = header.indexOf(EXPORT_COLUMNS[0]);
  if (at < 0) throw usageError(`${file} is no export: it has no column '${EXPORT_COLUMNS[0]}'.`);
  const seen = new Set<string>();
  return lines.map((cells, n) => {
    const rowHash = cells[at] ?? '';
    if (!/^[0-9a-f]{64}$/.test(rowHash) || seen.has(rowHash))
      throw usageError(`Line ${n + 2} of ${file} names no record, or one that stands above: '${rowHash}'.`);
    seen.add(rowHash);
    const values = header.map((name, column) => [name, cells[column] ?? ''] as const);
    return { rowHash, values: Object.fromEntries(values.filter(([name]) => !isOwn(name))) };
  });
}

const isOwn = (name: string): boolean => EXPORT_COLUMNS.some((own) => own === name);

function parseCsv(text: string, file: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true });
  } catch (error) {
    throw usageError(`${file} can't be read as CSV: ${messageOf(error)}.`);
  }
}
