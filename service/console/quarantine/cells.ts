import { MASK } from '../../../etl/query/run-rejects.ts';
import { hashOf } from '../../identity/same-secret.ts';

/** A longer value isn't edited on a page. */
const MOST_CHARACTERS = 1000;

/** Characters that no field of a form brings back as they were: control characters but for tabs and line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const LOST = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

/** Whether a value comes back from a form as it is, and may be seen. */
export const isEditable = (value: string): boolean =>
  value.length <= MOST_CHARACTERS && !LOST.test(value) && value !== MASK;

/** A value as forms send it: browsers send every line end as two characters. */
const sent = (value: string): string => value.replaceAll(/\r\n|\r/g, '\n');

const markOf = (value: string): string => hashOf(sent(value)).toString('hex').slice(0, 12);

/** The name of a cell's field: of which record and column it is, and a mark of the value that was shown. */
export const cellName = (rowHash: string, column: string, shown: string): string =>
  `cell.${rowHash}.${markOf(shown)}.${column}`;

/** The name of the field that says which version of a record was shown. */
export const versionName = (rowHash: string): string => `seen.${rowHash}`;

/** The name of the field by which a record is chosen. */
export const tickName = (rowHash: string): string => `tick.${rowHash}`;

/** What somebody typed over a record's values. */
export interface TypedRecord {
  readonly rowHash: string;
  /** The version of the record that was shown. */
  readonly version: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The records of a form in which a cell is another than was shown. */
export function typedRecords(form: Readonly<Record<string, string>>): TypedRecord[] {
  const found = new Map<string, Record<string, string>>();
  for (const [name, value] of Object.entries(form)) {
    const [, rowHash = '', mark = '', column = ''] =
      /^cell\.([0-9a-f]{64})\.([0-9a-f]{12})\.(.+)$/s.exec(name) ?? [];
    if (rowHash === '' || markOf(value) === mark) continue;
    found.set(rowHash, { ...found.get(rowHash), [column]: sent(value) });
  }
  return [...found].map(([rowHash, values]) => ({
    rowHash,
    values,
    version: form[versionName(rowHash)] ?? '',
  }));
}

/** The records that were ticked in a form. */
export const tickedRecords = (form: Readonly<Record<string, string>>): string[] =>
  Object.keys(form).flatMap((name) => /^tick\.([0-9a-f]{64})$/.exec(name)?.[1] ?? []);
