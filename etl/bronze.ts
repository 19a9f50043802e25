import { ConflictError, TransientError } from './errors.ts';
import { InOrder } from './lanes.ts';
import { besideName, bronzeDay, bronzeKey, safeFileName } from './naming/bronze.ts';
import { apartKeyOfName } from './naming/streams.ts';
import type { Clock, ObjectInfo } from './ports.ts';

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
  /** Absent where the name stands for the bytes. */
  readonly sizeBytes?: number;
  /** When it was last written, where it was found in a folder that is looked through time and again; absent where a person named it. */
  readonly foundWrittenMs?: number | undefined;
  /** SHA-256 of its bytes. */
  digest(): Promise<string>;
  /** Copies it to a key, write-once, with its arrival; ConflictError `NAME_TAKEN` with the file's digest where another file is. */
  copyTo(key: string, arrivedMs: number): Promise<IngestedFile>;
}

/** What Bronze holds of a dataset, as far as ingesting needs to know. */
export interface BronzeContents {
  readonly objects: readonly BronzeObject[];
  digest(key: string): Promise<string>;
}

type BronzeObject = ObjectInfo;

/** Where files go. */
export interface BronzePlace {
  readonly dataset: string;
  /** UTC, `YYYY-MM-DD`. */
  readonly date: string;
  readonly clock: Clock;
  /** Whether later records replace earlier ones, so that it matters when a file came last. */
  readonly isReplacing: boolean;
}

/** An arrival further ahead than this comes from a wrong clock; later arrivals don't queue behind it. */
const MOST_AHEAD_MS = 3_600_000;

/** Clocks of stores tell whole seconds. */
const SECOND_MS = 1000;

/**
 * Which existing files matter to an ingest of these names: files of the same name, and those since yesterday, whose
 * arrivals come first. Where later records replace earlier ones, all do: the order of arrival counts.
 */
export function isNeededFor(
  { dataset, date, isReplacing }: BronzePlace,
  names: readonly string[],
): (key: string) => boolean {
  const families = new Set(names.map((name) => familyName(safeFileName(name))));
  const yesterday = bronzeDay(dataset, new Date(Date.parse(date) - DAY_MS).toISOString().slice(0, 10));
  return (key) => isReplacing || key >= yesterday || families.has(familyName(lastName(key)));
}

const DAY_MS = 86_400_000;

/** Files of one name, and of names beside it. */
interface Namesakes {
  readonly objects: BronzeObject[];
  readonly turns: InOrder;
}

/** A file with the name under which it is stored, and what else has that name. */
interface NamedFile {
  readonly file: IncomingFile;
  readonly name: string;
  readonly objects: readonly BronzeObject[];
}

/** A dataset's Bronze while files come into it. */
export class BronzeIntake {
  readonly #place: BronzePlace;
  readonly #contents: BronzeContents;
  readonly #byName = new Map<string, Namesakes>();
  /** The arrivals of what came last: several where a store tells only seconds. */
  #lastKeys: string[] = [];
  #lastMs = 0;

  constructor(place: BronzePlace, contents: BronzeContents) {
    this.#place = place;
    this.#contents = contents;
    for (const object of contents.objects) {
      this.#namesakes(lastName(object.key)).objects.push(object);
      this.#note(object);
    }
  }

  /**
   * Copies a file into Bronze, write-once, and notes when it came: each file that is added a millisecond later than the
   * one before at least. The same bytes under the same name, whatever the day: nothing is written and `existed` is true.
   * Other bytes under a name that is taken that day are kept beside it. The same bytes under another name are copied, so
   * that the drop is evidenced; the run recognises them as a repeat. Where later records replace earlier ones, bytes
   * that come again are a new arrival, unless nothing else came since, or the file was only found again where it lay.
   * Several files may come at once: those of one name are dealt with in the order in which they came.
   */
  async add(file: IncomingFile): Promise<IngestedFile> {
    const last = { keys: this.#lastKeys, isReplacing: this.#place.isReplacing };
    const arrivedMs = this.#nextArrival();
    const safe = safeFileName(file.name);
    const apart = apartKeyOfName(safe);
    const name = apart === undefined || (await this.#isApart(file, apart)) ? safe : `_${safe}`;
    const { turns, objects } = this.#namesakes(name);
    const named = { file, name, objects };
    return await turns.next(Promise.resolve(), async () => {
      const before = await this.#findSame(named, last.isReplacing ? last.keys : undefined);
      if (before !== undefined) return before;
      const added = await this.#copy(named, arrivedMs);
      if (!added.existed) objects.push({ ...added, modifiedMs: arrivedMs });
      if (this.#lastMs === arrivedMs) this.#lastKeys = [added.key];
      return added;
    });
  }

  /**
   * Whether a file that is called as the enforcer calls its own is one of those: events that lay apart since no contract
   * took them. Another one under such a name would take the place of events that are yet to land.
   */
  async #isApart(file: IncomingFile, key: string): Promise<boolean> {
    const digest = await this.#contents.digest(key).catch((error: unknown) => {
      if (error instanceof TransientError) throw error;
      return undefined;
    });
    return digest !== undefined && digest === (await file.digest());
  }

  #note({ key, modifiedMs }: BronzeObject): void {
    if (modifiedMs > this.#place.clock.now().getTime() + MOST_AHEAD_MS || modifiedMs < this.#lastMs) return;
    this.#lastKeys = modifiedMs === this.#lastMs ? [...this.#lastKeys, key] : [key];
    this.#lastMs = modifiedMs;
  }

  /** After everything that is there, also where a clock was set back or a burst is faster than the clock. */
  #nextArrival(): number {
    this.#lastMs = Math.max(this.#place.clock.now().getTime(), this.#lastMs + 1);
    this.#lastKeys = [];
    return this.#lastMs;
  }

  #namesakes(name: string): Namesakes {
    const family = familyName(name);
    const known = this.#byName.get(family) ?? { objects: [], turns: new InOrder() };
    this.#byName.set(family, known);
    return known;
  }

  /**
   * An object that makes copying needless: the same name and the same bytes. Where files replace one another, no other
   * file may have come after it. Only reads files of the same size.
   */
  async #findSame(
    { file, name, objects }: NamedFile,
    last: readonly string[] | undefined,
  ): Promise<IngestedFile | undefined> {
    const ofName = objects.filter(({ key }) => isCalled(lastName(key), name));
    const isStanding = (object: BronzeObject): boolean =>
      last === undefined ||
      (last.length === 1 && last[0] === object.key) ||
      isFoundAgain(file, object, ofName);
    const isAlike = ({ sizeBytes }: BronzeObject): boolean =>
      file.sizeBytes === undefined || sizeBytes === file.sizeBytes;
    const candidates = ofName.filter((object) => isAlike(object) && isStanding(object));
    const [first] = candidates;
    if (first === undefined) return undefined;
    if (file.sizeBytes === undefined)
      return { ...first, digest: await this.#contents.digest(first.key), existed: true };
    const wanted = await file.digest();
    for (const { key, sizeBytes } of candidates) {
      if ((await this.#contents.digest(key)) === wanted)
        return { key, sizeBytes, digest: wanted, existed: true };
    }
    return undefined;
  }

  /** Copies it to the first of its names that is free. */
  async #copy({ file, name, objects }: NamedFile, arrivedMs: number): Promise<IngestedFile> {
    const { dataset, date, isReplacing } = this.#place;
    const taken = new Set(isReplacing ? objects.map(({ key }) => key) : []);
    const first = bronzeKey(dataset, date, name);
    if (!taken.has(first)) {
      try {
        return await file.copyTo(first, arrivedMs);
      } catch (error) {
        if (!(error instanceof ConflictError) || error.code !== 'NAME_TAKEN') throw error;
      }
    }
    const beside = besideName(name, await file.digest());
    const named = (n: number): string =>
      bronzeKey(dataset, date, n === 1 ? beside : besideName(beside, n.toString(16).padStart(8, '0')));
    for (let n = 1; ; n++) if (!taken.has(named(n))) return await file.copyTo(named(n), arrivedMs);
  }
}

/** Whether a file was found once more where it lay, and is the last one of its name. */
function isFoundAgain(
  { foundWrittenMs }: IncomingFile,
  object: BronzeObject,
  ofName: readonly BronzeObject[],
): boolean {
  if (foundWrittenMs === undefined || foundWrittenMs > object.modifiedMs + SECOND_MS) return false;
  return ofName.every(({ modifiedMs }) => modifiedMs <= object.modifiedMs);
}

const lastName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** Whether an object has a file's name, with or without a suffix that set it apart. */
const isCalled = (last: string, name: string): boolean => last === name || plainName(last) === name;

/** `report~3fa80d49.csv`, `report~3fa80d49~00000002.csv` → `report.csv`: the name without what set it beside another. */
const plainName = (name: string): string => name.replace(/~[0-9a-f]{8}(~0000[0-9a-f]{4})?(?=\.|$)/, '');

/** The name without any suffix, which all files of one name share. */
const familyName = (name: string): string => name.replace(/(~[0-9a-f]{8})+(?=\.|$)/g, '');
