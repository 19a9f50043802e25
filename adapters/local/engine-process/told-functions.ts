import type { TextFunction } from '../../../etl/engine/text-function.ts';
import { ConfigError } from '../../../etl/errors.ts';
import type { Question, ToldText } from './messages.ts';

/** Texts that a query may have its functions asked about: they are in memory here and there. */
const MOST_TEXTS = 200_000;

interface Told {
  readonly of: TextFunction;
  /** What it was asked about so far. */
  readonly texts: Set<string>;
}

/**
 * Functions that this process answers for an engine apart, whose process is not to have what they know: a query notes what
 * it would ask, is told the answers after it ran, and runs again.
 */
export class ToldFunctions {
  readonly #ask: (question: Question) => Promise<unknown>;
  readonly #functions = new Map<string, Told>();

  constructor(ask: (question: Question) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Makes a function there. Throws RangeError without a `mark`: every text would have to be sent. */
  async define(name: string, of: TextFunction, mark: string | undefined): Promise<void> {
    if (mark === undefined) throw new RangeError(`'${name}' would be asked about every text`);
    await this.#ask({ ask: 'define', on: 0, name, mark });
    this.#functions.set(name, { of, texts: new Set() });
  }

  /** As `Engine.catchUp`. Throws ConfigError `QUERY_REVEALS` for more texts than one query may ask about. */
  async catchUp(prepare: () => Promise<boolean>): Promise<boolean> {
    const asked = [];
    for (const [name, told] of this.#functions) {
      const texts = (await this.#ask({ ask: 'unknown', on: 0, name })) as readonly string[];
      if (told.texts.size + texts.length > MOST_TEXTS) throw tooMany();
      for (const text of texts) {
        told.texts.add(text);
        told.of(text);
      }
      asked.push({ name, told, texts });
    }
    const knowsMore = await prepare();
    // What is known now may be more of each text; and who counts what is opened counts anew.
    for (const { name, told, texts } of asked) {
      const answers = [...(knowsMore ? told.texts : texts)].map((text): ToldText => [text, told.of(text)]);
      await this.#ask({ ask: 'known', on: 0, name, answers });
    }
    return knowsMore || asked.some(({ texts }) => texts.length > 0);
  }
}

const tooMany = (): ConfigError =>
  new ConfigError(
    'QUERY_REVEALS',
    `The query would reveal more than ${MOST_TEXTS} values, which is as many as one may: ask for fewer rows or columns.`,
  );
