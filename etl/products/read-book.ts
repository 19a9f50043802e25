import type { ObjectStore } from '../ports.ts';
import { addReads, type ReadLine } from './read-log.ts';

/** Reads that wait to be written, of one person and way on one day. */
type Waiting = Pick<ReadLine, 'day' | 'by' | 'way'> & { readonly counts: Map<string, number> };

/** Counts reads of a lake: what comes while something is written is written together after it. */
class ReadBook {
  readonly #objects: ObjectStore;
  #waiting = new Map<string, Waiting>();
  #written: Promise<void> = Promise.resolve();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** Resolves once these reads are kept. */
  async add(
    { day, by, way }: Omit<ReadLine, 'dataset' | 'reads'>,
    datasets: readonly string[],
  ): Promise<void> {
    const name = JSON.stringify([day, by, way]);
    const one = this.#waiting.get(name) ?? { day, by, way, counts: new Map<string, number>() };
    for (const dataset of datasets) one.counts.set(dataset, (one.counts.get(dataset) ?? 0) + 1);
    this.#waiting.set(name, one);
    const mine = this.#written.then(() => this.#write());
    this.#written = mine.catch(() => undefined);
    await mine;
  }

  async #write(): Promise<void> {
    const all = [...this.#waiting.values()];
    this.#waiting = new Map();
    for (const one of all) await addReads(this.#objects, one, one.counts);
  }
}

const BOOKS = new WeakMap<ObjectStore, ReadBook>();

/**
 * Keeps that somebody read datasets, by one way on one day (`YYYY-MM-DD`, UTC); each counts once. Rejects where it can't be
 * kept; the others of the same moment may be lost with it.
 */
export async function keepReads(
  objects: ObjectStore,
  who: Omit<ReadLine, 'dataset' | 'reads'>,
  datasets: readonly string[],
): Promise<void> {
  const book = BOOKS.get(objects) ?? new ReadBook(objects);
  BOOKS.set(objects, book);
  await book.add(who, datasets);
}
