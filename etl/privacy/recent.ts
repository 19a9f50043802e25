/** Keeps what was used last: at least so many things, at most twice as many. */
export class Recent<V> {
  readonly #atLeast: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(atLeast: number) {
    this.#atLeast = atLeast;
  }

  /** What is kept under a name. */
  find(name: string): V | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.add(name, old);
    return old;
  }

  /** Keeps something under a name from now on. */
  add(name: string, value: V): void {
    if (this.#young.size >= this.#atLeast) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}
