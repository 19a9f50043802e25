import { Buffer } from 'node:buffer';

/** Up to so many names of an object are compared one by one. */
const FEW = 16;

/**
 * The names of the members of the object that is being read, and of those around it, each once: the same name written
 * with another escape is the same.
 */
export class UsedNames {
  #hashes = new Int32Array(64);
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #top = 0;
  #level = 0;
  readonly #bases: number[] = [0];
  readonly #sets: (Set<string> | undefined)[] = [];

  /** Forgets all objects. */
  reset(): void {
    this.#top = 0;
    this.#level = 0;
  }

  /** Enters an object. */
  begin(): void {
    this.#bases[++this.#level] = this.#top;
    this.#sets[this.#level] = undefined;
  }

  /** Leaves the object. */
  end(): void {
    this.#top = this.#bases[this.#level--] ?? 0;
  }

  /** Takes a name in; false where the object has it already. */
  add(bytes: Uint8Array, start: number, end: number, isEscaped: boolean): boolean {
    const base = this.#bases[this.#level] as number;
    if (this.#top - base >= FEW) return this.#addToMany(bytes, base, nameText(bytes, start, end));
    const hash = isEscaped ? hashOf(Buffer.from(nameText(bytes, start, end))) : hashOf(bytes, start, end);
    for (let n = base; n < this.#top; n++) {
      if (this.#hashes[n] !== hash) continue;
      if (this.#textAt(bytes, n) === nameText(bytes, start, end)) return false;
    }
    if (this.#top === this.#hashes.length) this.#grow();
    this.#hashes[this.#top] = hash;
    this.#starts[this.#top] = start;
    this.#ends[this.#top++] = end;
    return true;
  }

  #addToMany(bytes: Uint8Array, base: number, name: string): boolean {
    let set = this.#sets[this.#level];
    if (set === undefined) {
      set = new Set();
      for (let n = base; n < this.#top; n++) set.add(this.#textAt(bytes, n));
      this.#sets[this.#level] = set;
    }
    if (set.has(name)) return false;
    set.add(name);
    return true;
  }

  #textAt(bytes: Uint8Array, n: number): string {
    return nameText(bytes, this.#starts[n] as number, this.#ends[n] as number);
  }

  #grow(): void {
    const larger = (list: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(list.length * 2);
      grown.set(list);
      return grown;
    };
    this.#hashes = larger(this.#hashes);
    this.#starts = larger(this.#starts);
    this.#ends = larger(this.#ends);
  }
}

/** The text of a name or value, whose bytes between its quotes are JSON. */
export function nameText(bytes: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** FNV-1a over bytes. */
function hashOf(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}
