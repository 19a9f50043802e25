import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { datasetPath, NAME } from './datasets.ts';

/** Keys of source files in Bronze. They are made in this folder and nowhere else. */

/** Where source files of a dataset lie. */
export function bronzePrefix(dataset: string): string {
  return `bronze/${datasetPath(dataset)}/`;
}

/** `bronze/spend/council_payments/…/a.csv` → `spend.council_payments`; undefined for what is no key of a source file. */
export function datasetOfBronzeKey(key: string): string | undefined {
  const [root, domain = '', name = '', ...rest] = key.split('/');
  const isFile = root === 'bronze' && rest.length > 0 && rest.at(-1) !== '';
  return isFile && NAME.test(domain) && NAME.test(name) ? `${domain}.${name}` : undefined;
}

/** What comes before every source file's key of a day and of those after it. */
export const bronzeDay = (dataset: string, date: string): string =>
  `${bronzePrefix(dataset)}ingest_date=${date}`;

/** A source file's key; `date` is `YYYY-MM-DD`, UTC. The name is kept, but can't leave its folder. */
export function bronzeKey(dataset: string, date: string, fileName: string): string {
  return `${bronzeDay(dataset, date)}/${safeFileName(fileName)}`;
}

/** What the name of a protected file's object ends with. */
const SEALED = '.sealed.csv';

/** The name of a protected file's object, by what stands for its bytes. */
export const sealedName = (name: string): string => `${name}${SEALED}`;

/** Whether the personal values of a source file in Bronze are sealed, by its key. */
export const isSealed = (key: string): boolean => key.endsWith(SEALED) && archiveOf(key) === undefined;

/** The last part of a path with nothing in it that a store, a shell or a reader of archives could read as more than a name. */
export function safeFileName(fileName: string): string {
  const last = fileName.split(/[/\\]/).at(-1) ?? '';
  const safe = safeText(last)
    .replace(/^\.+/, '_')
    .replace(/(\.zip)#/gi, '$1_');
  if (safe === '') return '_';
  return bytesOf(safe) <= MOST_NAME_BYTES ? safe : joinedName(safe, `~${hashOf(safe, 8)}`);
}

const safeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  text.replace(/[\u0000-\u001f\u007f*?"<>|:=]/g, '_');

/** Whether a file may hold records, by its name. */
export const isSourceName = (name: string): boolean =>
  /^[^.].*\.((csv|tsv|txt|dat|psv|jsonl|ndjson)(\.(gz|zst))?|zip|xlsx|xlsm)$/i.test(name);

/** Whether a source file is a workbook, by its name. */
export const isWorkbook = (key: string): boolean => /\.xls[xm]$/i.test(key);

/** Whether a source file is an archive, by its name: its members are source files of their own. */
export const isArchive = (key: string): boolean => /\.zip$/i.test(key);

/** `…/a.zip`, `2024/b.csv` → `…/a.zip#2024/b.csv`: the key of a file in an archive, under which nothing is stored. */
export function memberKey(archive: string, name: string): string {
  const safe = safeText(name);
  const fits = bytesOf(safe) <= MOST_NAME_BYTES ? safe : joinedName(safe, `~${hashOf(safe, 8)}`);
  return `${archive}#${fits}`;
}

/** `…/a.zip#b.csv` → `…/a.zip`; undefined for a file that is in no archive. */
export const archiveOf = (key: string): string | undefined => /^(.*?\.zip)#/is.exec(key)?.[1];

/** Key of the stored object behind a source file's key: itself, or its archive. */
export const objectKeyOf = (key: string): string => archiveOf(key) ?? key;

/** `bronze/…/a.csv` → `a.csv`, `bronze/…/a.zip#2024/b.csv` → `a.zip#2024/b.csv`: what people call a source file. */
export function sourceName(key: string): string {
  const object = objectKeyOf(key);
  return key.slice(object.lastIndexOf('/') + 1);
}

/** File systems allow names of so many bytes. */
const MOST_NAME_BYTES = 255;

/** A longer ending is part of a name with dots in it. */
const MOST_EXTENSION_BYTES = 32;

/** `report.csv.gz`, `~1` → `report~1.csv.gz`, the stem cut where the name would be too long. */
function joinedName(name: string, mark: string): string {
  const ending = /\..*$/.exec(name)?.[0] ?? '';
  const extension = bytesOf(ending) <= MOST_EXTENSION_BYTES ? ending : (/\.[^.]{1,8}$/.exec(name)?.[0] ?? '');
  const room = MOST_NAME_BYTES - bytesOf(mark) - bytesOf(extension);
  let stem = '';
  let size = 0;
  for (const character of name.slice(0, name.length - extension.length)) {
    size += bytesOf(character);
    if (size > room) break;
    stem += character;
  }
  return `${stem}${mark}${extension}`;
}

export const bytesOf = (text: string): number => Buffer.byteLength(text);

export const hashOf = (text: string, digits: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, digits);

/** `report.csv.gz`, `3fa8…` → `report~3fa80d49.csv.gz`: another file under a name that is taken. */
export function besideName(fileName: string, digest: string): string {
  return joinedName(fileName, `~${digest.slice(0, 8)}`);
}

/** S3 allows keys of so many bytes. */
export const MOST_KEY_BYTES = 1024;
