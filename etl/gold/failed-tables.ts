import { ConfigError, DataError } from '../errors.ts';

/** What keeps single Gold tables as they were: their data, SQL or contract. Anything else concerns the whole refresh. */
type OwnError = DataError | ConfigError;

/** Gold tables that could not be brought up to date, while others were. */
export class FailedTables {
  readonly #errors: OwnError[] = [];

  /** Does a table's work, and keeps what went wrong with that table alone; throws whatever concerns the others, too. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ConfigError)) throw error;
      this.#errors.push(error);
      return undefined;
    }
  }

  /** Throws what was kept: the one error, or one of the first's kind and code that says all of them. */
  throwAny(): void {
    const [first, ...more] = this.#errors;
    if (first === undefined) return;
    if (more.length === 0) throw first;
    const message = this.#errors.map((error) => error.message).join('\n');
    const details = { cause: first, context: { ...first.context, tables: this.#errors.length } };
    throw first instanceof DataError
      ? new DataError(first.code, message, details)
      : new ConfigError(first.code, message, details);
  }
}
