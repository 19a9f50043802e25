import type { CsvDialect } from '../contract/csv-dialect.ts';

/**
 * How a file of records from quarantine is written in a dataset's dialect: with a header, whatever the source does, and
 * with an escape by which any text can be written.
 */
export function retryDialect(source: CsvDialect): CsvDialect {
  const {
    format: _format,
    columns: _columns,
    skipLines: _skip,
    repeatedHeader: _repeated,
    escapes,
    ...dialect
  } = source;
  const isAble = source.escape !== '' && escapes === undefined;
  return isAble ? dialect : { ...dialect, escape: source.quote };
}

/** How a sheet's rows are written in a dataset's dialect. */
export function sheetDialect({ skipSpaces: _skipSpaces, escapes, ...dialect }: CsvDialect): CsvDialect {
  const isAble = dialect.escape !== '' && escapes === undefined;
  return {
    ...dialect,
    ...(isAble ? {} : { escape: dialect.quote }),
    encodings: ['utf-8'],
    recordsAreLines: true,
  };
}
