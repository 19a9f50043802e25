import { ConflictError } from './errors.ts';
import { InOrder } from './lanes.ts';
import { besideName, bronzeKey, safeFileName } from './naming.ts';
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
  readonly objects: readonly BronzeObject[];
  digest(key: string): Promise<string>;
}

type BronzeObject = Pick<ObjectInfo, 'key' | 'sizeBytes'>;

/** Where files go. */
export interface BronzePlace {
  readonly dataset: string;
  /** UTC, `YYYY-MM-DD`. */
  readonly date: string;
}

/** Files of one name, and of names beside it. */
interface Namesakes {
  readonly objects: BronzeObject[];
  readonly turns: InOrder;
}

/** A dataset's Bronze while files come into it. */
export class BronzeIntake {
  readonly #place: BronzePlace;
  readonly #contents: BronzeContents;
  readonly #byName = new Map<string, Namesakes>();

  constructor(place: BronzePlace, contents: BronzeContents) {
    this.#place = place;
    this.#contents = contents;
    for (const object of contents.objects) this.#namesakes(lastName(object.key)).objects.push(object);
  }

  /**
   * Copies a file into Bronze, write-once. The same bytes under the same name, whatever the day: nothing is written and
   * `existed` is true. Other bytes under a name that is taken that day are kept beside it. The same bytes under another
   * name are copied, so that the drop is evidenced; the run recognises them as a repeat. Several files may come at once:
   * those of one name are dealt with in the order in which they came.
   */
  async add(file: IncomingFile): Promise<IngestedFile> {
    const { turns, objects } = this.#namesakes(safeFileName(file.name));
    return await turns.next(Promise.resolve(), async () => {
      const before = await this.#findSame(file, objects);
      if (before !== undefined) return before;
      const added = await this.#copy(file);
      if (!added.existed) objects.push(added);
      return added;
    });
  }

  #namesakes(name: string): Namesakes {
    const family = familyName(name);
    const known = this.#byName.get(family) ?? { objects: [], turns: new InOrder() };
    this.#byName.set(family, known);
    return known;
  }

  /** The object with the same bytes under the same name. Only files of the same size are read. */
  async #findSame(file: IncomingFile, objects: readonly BronzeObject[]): Promise<IngestedFile | undefined> {
    const name = safeFileName(file.name);
    const candidates = objects.filter(
      ({ key, sizeBytes }) => sizeBytes === file.sizeBytes && isCalled(lastName(key), name),
    );
    if (candidates.length === 0) return undefined;
    const wanted = await file.digest();
    for (const { key, sizeBytes } of candidates) {
      if ((await this.#contents.digest(key)) === wanted)
        return { key, sizeBytes, digest: wanted, existed: true };
    }
    return undefined;
  }

  async #copy(file: IncomingFile): Promise<IngestedFile> {
    const { dataset, date } = this.#place;
    try {
      return await file.copyTo(bronzeKey(dataset, date, file.name));
    } catch (error) {
      if (!(error instanceof ConflictError) || error.code !== 'NAME_TAKEN') throw error;
      const digest = String(error.context.digest);
      return await file.copyTo(bronzeKey(dataset, date, besideName(safeFileName(file.name), digest)));
    }
  }
}

const lastName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** Whether an object's name is that of a file, or of one that was kept beside such. */
const isCalled = (last: string, name: string): boolean => last === name || plainName(last) === name;

/** `report~3fa80d49.csv` → `report.csv`: the name without what set it beside another. */
const plainName = (name: string): string => name.replace(/~[0-9a-f]{8}(?=\.|$)/, '');

/** What every name has in common that is beside another, beside which a third may be. */
const familyName = (name: string): string => name.replace(/(~[0-9a-f]{8})+(?=\.|$)/g, '');
