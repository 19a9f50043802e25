/** Things that many others refer to, each once, by their names. */
export class OnceEach<T> {
  readonly all: T[] = [];
  readonly #numbers = new Map<string, number>();
  #last: { readonly name: string; readonly number: number } | undefined;

  /** The number of the thing with a name among all; made where there is none. */
  number(name: string, make: () => T): number {
    if (this.#last?.name === name) return this.#last.number;
    const number = this.#numbers.get(name) ?? this.all.push(make()) - 1;
    this.#numbers.set(name, number);
    this.#last = { name, number };
    return number;
  }
}
