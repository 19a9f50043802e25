import { Buffer } from 'node:buffer';
import type { RandomAccess } from '../../archives/random-access.ts';
import { messageOf } from '../../errors.ts';
import { type ByteSearch, byteSearch } from './byte-search.ts';
import { type Needle, needlesOf } from './needles.ts';
import { contentsOf } from './unpack.ts';

/** A file that is looked through. */
export interface LookedAt extends RandomAccess {
  readonly name: string;
}

/** Where a value was found; never the value itself. */
export interface Found {
  readonly file: string;
  /** What was unpacked to come to it, from the outside: `['payments.zip', 'a.csv.gz', 'gzip']` without the first. */
  readonly inside: readonly string[];
  /** Which of the values, from 1. */
  readonly value: number;
  /** How it is written there. */
  readonly as: string;
  /** Of the first, in the unpacked bytes. */
  readonly offset: number;
  readonly times: number;
}

/** What was not looked through, and why. */
export interface NotRead {
  readonly file: string;
  readonly inside: readonly string[];
  readonly why: string;
}

/** What came of looking for values. */
export interface LookedThrough {
  readonly values: number;
  readonly files: number;
  /** As the files are, and unpacked. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly found: readonly Found[];
  readonly notRead: readonly NotRead[];
}

/** Packed files within packed files are unpacked so many times, and held in memory if they are no larger. */
const MOST_LEVELS = 6;
const MOST_HELD_BYTES = 512 * 1024 * 1024;

/**
 * Looks for values through every byte of files, and of what is packed in them: zip and gzip, zstd, workbooks, the pages and
 * dictionaries of Parquet, the blocks of Avro, one within the other.
 */
export async function lookThrough(
  files: AsyncIterable<LookedAt>,
  values: readonly string[],
  onProgress: (file: LookedAt) => void = () => undefined,
): Promise<LookedThrough> {
  const look = new Look(byteSearch(needlesOf(values)));
  let [count, bytes] = [0, 0];
  for await (const file of files) {
    await look.file(file.name, file, []);
    count += 1;
    bytes += file.sizeBytes;
    onProgress(file);
  }
  const { found, notRead, unpackedBytes } = look;
  return { values: values.length, files: count, bytes, unpackedBytes, found: [...found.values()], notRead };
}

class Look {
  readonly found = new Map<string, Found>();
  readonly notRead: NotRead[] = [];
  unpackedBytes = 0;
  readonly #search: ByteSearch;

  constructor(search: ByteSearch) {
    this.#search = search;
  }

  /** Looks through a file's own bytes, and then through what is packed in it. */
  async file(file: string, bytes: RandomAccess, inside: readonly string[]): Promise<void> {
    const all = { start: 0, end: bytes.sizeBytes };
    if (bytes.sizeBytes > 0) await this.#try(file, inside, () => this.#bytes(file, inside, bytes.read(all)));
    await this.#try(file, inside, () => this.#contents(file, bytes, inside));
  }

  async #contents(file: string, bytes: RandomAccess, inside: readonly string[]): Promise<void> {
    const contents = await contentsOf(bytes);
    if (contents.kind === 'unreadable') throw new RangeError(contents.why);
    if (contents.parts.length > 0 && inside.length >= MOST_LEVELS)
      throw new RangeError('it is packed too many times');
    for (const part of contents.parts) {
      const within = [...inside, part.name];
      await this.#try(file, within, () => this.#part(file, within, part.bytes()));
    }
  }

  /** What was unpacked is held if it is packed itself; else it only passes by. */
  async #part(file: string, inside: readonly string[], stream: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = [];
    let held = 0;
    let isPacked: boolean | undefined;
    const passing = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of stream) {
        if (isPacked === undefined && piece.length > 0) isPacked = mayBePacked(piece);
        if (isPacked === true) {
          held += piece.length;
          if (held > MOST_HELD_BYTES)
            throw new RangeError('it is packed in another, and too large to be held');
          pieces.push(Uint8Array.from(piece));
        }
        yield piece;
      }
    };
    this.unpackedBytes += await this.#bytes(file, inside, passing());
    if (isPacked !== true) return;
    await this.#contents(file, inMemory(Buffer.concat(pieces)), inside);
  }

  #bytes(file: string, inside: readonly string[], stream: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#search(stream, ({ needle, offset }) => this.#note(file, inside, { needle, offset }));
  }

  #note(
    file: string,
    inside: readonly string[],
    { needle, offset }: { needle: Needle; offset: number },
  ): void {
    const { value, as } = needle;
    const name = JSON.stringify([file, inside, value, as]);
    const before = this.found.get(name);
    if (before === undefined) this.found.set(name, { file, inside, value, as, offset, times: 1 });
    else this.found.set(name, { ...before, times: before.times + 1 });
  }

  async #try(file: string, inside: readonly string[], work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.notRead.push({ file, inside, why: messageOf(error) });
    }
  }
}

const MAGICS = [
  '1f8b',
  '28b52ffd',
  '504b0304',
  '50415231',
  '4f626a01',
  '425a68',
  'fd377a58',
  '377abcaf',
  '52617221',
];

/** Whether bytes may begin a packed file: enough to look again. */
const mayBePacked = (piece: Uint8Array): boolean => {
  const hex = Buffer.from(piece.subarray(0, 4)).toString('hex');
  return MAGICS.some((magic) => hex.startsWith(magic)) || /^5[0-9a-f]2a4d18/.test(hex);
};

function inMemory(bytes: Buffer): RandomAccess {
  return {
    sizeBytes: bytes.length,
    read: async function* ({ start, end }) {
      yield bytes.subarray(start, end);
    },
  };
}
