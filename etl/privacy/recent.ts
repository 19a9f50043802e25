/** Keeps what was used last: at least so many things, at most twice as many. */
export class Recent<V> {
  readonly #atLeast: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(atLeast: number) {
    this.#atLeast = atLeast;
  }

  /** What is kept under a name, else what `make` makes, which is kept from now on. */
  get(name: string, make: () => V): V {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const value = this.#old.get(name) ?? make();
    if (this.#young.size >= this.#atLeast) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
    return value;
  }
}
