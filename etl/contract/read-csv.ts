import { z } from 'zod';
import type { CsvDialect, Encoding } from './csv-dialect.ts';
import type { CustomValues } from './custom-properties.ts';
import { choice, describe, flag, listOf, readFields, refuseUnknown, text, whole } from './fields.ts';
import { patternFault } from './portable-pattern.ts';
import type { Path, Problems } from './problems.ts';
import { readEnvelope, readFormat } from './read-format.ts';

const SIGN = /^[\t -/:-@[-`{-~]$/;

const ENCODINGS = ['utf-8', 'windows-1252', 'iso-8859-1', 'utf-16le', 'utf-16be'] as const;
const sign = (what: string): z.ZodType<string> => {
  const error = (issue: { input?: unknown }): string =>
    `is ${describe(issue.input)}; write one ASCII sign or a tab, e.g. ${what}`;
  return z.string({ error }).regex(SIGN, { error });
};
const escapeSign = (): z.ZodType<string> => {
  const error = (issue: { input?: unknown }): string =>
    `is ${describe(issue.input)}; write one ASCII sign or a tab, e.g. '"', or none`;
  return z.string({ error }).refine((value) => value === 'none' || SIGN.test(value), { error });
};

/** A delimiter has so many signs at most. */
const MOST_SIGNS = 8;

const delimiterError = (issue: { input?: unknown }): string =>
  `is ${describe(issue.input)}; write one to ${MOST_SIGNS} ASCII signs or tabs, e.g. ',' or '||'`;

const CSV = {
  delimiter: z
    .string({ error: delimiterError })
    .regex(/^[\t -/:-@[-`{-~]{1,8}$/, { error: delimiterError })
    .optional(),
  quote: sign(`'"'`).optional(),
  escape: escapeSign().optional(),
  escapes: choice(['quotes', 'quotes-and-itself']).optional(),
  strayQuotes: choice(['reject', 'text']).optional(),
  skipSpaces: flag.optional(),
  extraFields: choice(['reject', 'empty']).optional(),
  encodings: listOf(choice(ENCODINGS), 'write encodings as [utf-8, windows-1252]', 1).optional(),
  nullValues: listOf(
    text("write it in quotes, e.g. 'NULL'"),
    "write texts that mean no value as ['NULL', 'n/a']",
  ).optional(),
  totalRow: z.unknown(),
  footerLines: whole(1).optional(),
  footerPattern: text("write a regular expression, e.g. '(Opening|Closing) balance.*'").optional(),
  preambleLines: whole(1).optional(),
  columns: listOf(
    text("write it in quotes, e.g. 'Order No'"),
    'write the columns in their order, e.g. [order_id, ordered_on]',
    1,
  ).optional(),
  skipLines: whole(1).optional(),
  repeatedHeader: choice(['reject', 'skip']).optional(),
} as const;

/** Reads `assay.csv`, how the source writes its CSV; what is absent has its default. */
export function readCsv(custom: CustomValues, problems: Problems): CsvDialect {
  const { value = {}, path = [] } = custom.get('assay.csv') ?? {};
  refuseUnknown(value, Object.keys(CSV), path, { problems, hint: `use ${Object.keys(CSV).join(', ')}` });
  const fields = readFields(CSV, value, path, problems);
  const { delimiter = ',', quote = '"', encodings = ['utf-8'], nullValues = [] } = fields;
  const escaping = fields.escape === 'none' ? '' : (fields.escape ?? quote);
  const add = (field: keyof typeof CSV, why: string): void => problems.add([...path, field], why);
  for (const [field, why] of clashes({ ...fields, delimiter, quote, escape: escaping })) add(field, why);
  const never = neverTried(encodings);
  if (never !== undefined) {
    const why = `is ${never}, which reads nearly any bytes, so that what stands after it is not tried`;
    const what = 'write windows-1252 behind utf-8, and iso-8859-1 last';
    problems.add([...path, 'encodings', encodings.indexOf(never)], `${why}; ${what}`);
  }
  const column = readTotalRow(fields.totalRow, [...path, 'totalRow'], problems);
  const sheet = readSheet(custom, problems);
  const format = readFormat(custom, problems);
  return {
    ...(format === undefined ? {} : { format }),
    ...readEnvelope(custom, problems),
    delimiter,
    quote,
    escape: escaping,
    ...(fields.escapes === 'quotes' ? { escapes: 'quotes' } : {}),
    ...(fields.strayQuotes === 'text' ? { strayQuotes: 'text' } : {}),
    ...(fields.skipSpaces === true ? { skipSpaces: true } : {}),
    ...(fields.extraFields === 'empty' ? { extraFields: 'empty' } : {}),
    encodings,
    nullValues: nullValues.map((item) => item.trim()),
    ...(column === undefined ? {} : { totalRowColumn: column }),
    ...(fields.footerLines === undefined ? {} : { footerLines: fields.footerLines }),
    ...(fields.footerPattern === undefined ? {} : { footerPattern: fields.footerPattern }),
    ...(fields.preambleLines === undefined ? {} : { preambleLines: fields.preambleLines }),
    ...(fields.columns === undefined ? {} : { columns: fields.columns }),
    ...(fields.skipLines === undefined ? {} : { skipLines: fields.skipLines }),
    ...(fields.repeatedHeader === 'skip' ? { repeatedHeader: 'skip' } : {}),
    ...(sheet === undefined ? {} : { sheet }),
  };
}

const XLSX = { sheet: text("write the sheet's name, e.g. 'Payments'").optional() } as const;

/** Reads `assay.xlsx`, which sheet of a workbook is read. */
function readSheet(custom: CustomValues, problems: Problems): string | undefined {
  const { value, path } = custom.get('assay.xlsx') ?? {};
  if (value === undefined || path === undefined) return undefined;
  refuseUnknown(value, Object.keys(XLSX), path, { problems, hint: 'use sheet' });
  return readFields(XLSX, value, path, problems).sheet;
}

/** The fields of `assay.csv` as far as they are right. */
type CsvFields = { readonly [Field in keyof typeof CSV]?: z.infer<(typeof CSV)[Field]> };

/** Fields that don't go together, and why. */
function* clashes(
  fields: CsvFields & { readonly delimiter: string; readonly quote: string; readonly escape: string },
): Generator<[keyof typeof CSV, string]> {
  const { delimiter, quote, escape: escaping } = fields;
  if (quote === delimiter) yield ['quote', `is '${quote}', the delimiter; write two different signs`];
  else if (delimiter.includes(quote))
    yield ['quote', `is '${quote}', which is in the delimiter; write another sign`];
  if (escaping === delimiter) yield ['escape', `is '${escaping}', the delimiter; write two different signs`];
  if (fields.escapes !== undefined && (escaping === quote || escaping === ''))
    yield ['escapes', 'is set without an escape of its own; write escape, or leave it out'];
  if (fields.skipSpaces === true && delimiter.startsWith(' '))
    yield ['skipSpaces', 'is set with a delimiter that begins with a space; leave it out'];
  if (fields.footerLines !== undefined && fields.footerPattern !== undefined)
    yield ['footerLines', 'is set beside footerPattern; write the one that the source keeps to'];
  const fault = fields.footerPattern === undefined ? undefined : patternFault(fields.footerPattern);
  if (fault !== undefined) yield ['footerPattern', fault];
  if (fields.columns !== undefined && fields.preambleLines !== undefined) {
    const why = 'is set beside columns, which say that there is no header';
    yield ['preambleLines', `${why}; write one of the two, or skipLines for lines that are not to be read`];
  }
  if (fields.columns === undefined && fields.skipLines !== undefined)
    yield ['skipLines', 'is set without columns; write columns, or preambleLines where a header follows'];
}

/** The encoding that keeps another one from being tried. UTF-16 is left out: it is for whole files. */
function neverTried(encodings: readonly Encoding[]): Encoding | undefined {
  const bytewise = encodings.filter((name) => !name.startsWith('utf-16'));
  return bytewise.find((name, n) => {
    const next = bytewise[n + 1];
    if (next === undefined || name === 'utf-8') return false;
    return name === 'iso-8859-1' || next !== 'iso-8859-1';
  });
}

function readTotalRow(value: unknown, path: Path, problems: Problems): string | undefined {
  if (value === undefined) return undefined;
  refuseUnknown(value, ['column'], path, { problems, hint: 'write column' });
  return readFields({ column: text('write the column that the total stands in') }, value, path, problems)
    .column;
}
