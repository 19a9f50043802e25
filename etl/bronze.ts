import { ConflictError } from './errors.ts';
import { besideName, bronzeKey, bronzePrefix, safeFileName } from './naming.ts';
import type { ObjectInfo } from './ports.ts';

/** A source file in Bronze; `existed` where these bytes were there under this name already. */
export interface IngestedFile {
  readonly key: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly existed: boolean;
}

/** A file from outside, on its way into Bronze. */
export interface IncomingFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes. */
  digest(): Promise<string>;
  /** Copies it to a key, write-once; ConflictError `NAME_TAKEN` with the file's digest where another file is. */
  copyTo(key: string): Promise<IngestedFile>;
}

/** What Bronze holds of a dataset, as far as ingesting needs to know. */
export interface BronzeContents {
  readonly objects: readonly Pick<ObjectInfo, 'key' | 'sizeBytes'>[];
  digest(key: string): Promise<string>;
}

/** Where a file goes. */
export interface BronzePlace {
  readonly dataset: string;
  /** UTC, `YYYY-MM-DD`. */
  readonly date: string;
}

/**
 * Copies a file into Bronze, write-once. The same bytes under the same name, whatever the day: nothing is written and
 * `existed` is true. Other bytes under a name that is taken that day are kept beside it. The same bytes under another
 * name are copied, so that the drop is evidenced; the run recognises them as a repeat.
 */
export async function addToBronze(
  file: IncomingFile,
  { dataset, date }: BronzePlace,
  contents: BronzeContents,
): Promise<IngestedFile> {
  const before = await findSame(file, dataset, contents);
  if (before !== undefined) return before;
  try {
    return await file.copyTo(bronzeKey(dataset, date, file.name));
  } catch (error) {
    if (!(error instanceof ConflictError) || error.code !== 'NAME_TAKEN') throw error;
    const digest = String(error.context.digest);
    return await file.copyTo(bronzeKey(dataset, date, besideName(safeFileName(file.name), digest)));
  }
}

/** The object with the same bytes under the same name. Only files of the same size are read. */
async function findSame(
  file: IncomingFile,
  dataset: string,
  { objects, digest }: BronzeContents,
): Promise<IngestedFile | undefined> {
  const name = safeFileName(file.name);
  const candidates = objects.filter(
    ({ key, sizeBytes }) => sizeBytes === file.sizeBytes && isCalled(key, dataset, name),
  );
  if (candidates.length === 0) return undefined;
  const wanted = await file.digest();
  for (const { key, sizeBytes } of candidates) {
    if ((await digest(key)) === wanted) return { key, sizeBytes, digest: wanted, existed: true };
  }
  return undefined;
}

/** Whether a key is of a file of that name, or of one that was kept beside such. */
function isCalled(key: string, dataset: string, name: string): boolean {
  const last = key.slice(bronzePrefix(dataset).length).split('/').at(-1) ?? '';
  return last === name || last.replace(/~[0-9a-f]{8}(?=\.|$)/, '') === name;
}
