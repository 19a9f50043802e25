import type { TextFunction } from '../../../etl/engine/text-function.ts';
import type { ToldText } from './messages.ts';

/** A function whose answers another process knows: it says what it was told, leaves all else as it is, and notes it. */
export class NotingFunction {
  readonly #mark: string;
  readonly #known = new Map<string, string | null>();
  readonly #unknown = new Set<string>();

  /** `mark`: a part of every text that is worth asking about. */
  constructor(mark: string) {
    this.#mark = mark;
  }

  readonly of: TextFunction = (text) => {
    if (!text.includes(this.#mark)) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (!this.#known.has(text)) this.#unknown.add(text);
    return this.#known.has(text) ? null : text;
  };

  /** What it was asked and did not know, once. */
  takeUnknown(): string[] {
    const texts = [...this.#unknown];
    this.#unknown.clear();
    return texts;
  }

  /** Notes answers. */
  tell(answers: readonly ToldText[]): void {
    for (const [text, answer] of answers) this.#known.set(text, answer);
  }
}
