import { z } from 'zod';
import type { CsvDialect, Encoding, Limits, Measure, SourceContract } from './contract.ts';
import type { AssayProperty, CustomValues } from './custom-properties.ts';
import {
  amount,
  asList,
  choice,
  describe,
  listOf,
  readFields,
  readValue,
  refuseUnknown,
  text,
  whole,
} from './fields.ts';
import type { Path, Problems } from './problems.ts';

/** What a source contract says beside its columns, in `assay.*` properties or by default. */
export type SourceSettings = Pick<
  SourceContract,
  'csv' | 'unknownColumns' | 'duplicates' | 'measures' | 'limits'
>;

const ENCODINGS = ['utf-8', 'windows-1252', 'iso-8859-1', 'utf-16le', 'utf-16be'] as const;
const sign = (what: string): z.ZodType<string> => {
  const error = (issue: { input?: unknown }): string =>
    `is ${describe(issue.input)}; write one ASCII sign or a tab, e.g. ${what}`;
  return z.string({ error }).regex(/^[\t -/:-@[-`{-~]$/, { error });
};

const CSV = {
  delimiter: sign("','").optional(),
  quote: sign(`'"'`).optional(),
  escape: sign(`'"'`).optional(),
  encodings: listOf(choice(ENCODINGS), 'write encodings as [utf-8, windows-1252]', 1).optional(),
  nullValues: listOf(
    text("write it in quotes, e.g. 'NULL'"),
    "write texts that mean no value as ['NULL', 'n/a']",
  ).optional(),
  totalRow: z.unknown(),
  preambleLines: whole(1).optional(),
  columns: listOf(
    text("write it in quotes, e.g. 'Order No'"),
    'write the columns in their order, e.g. [order_id, ordered_on]',
    1,
  ).optional(),
} as const;

/** The limits of a contract that sets none. */
export const DEFAULT_LIMITS: Limits = {
  maxAttempts: 3,
  maxQuarantineRate: 0.05,
  smallBatchRecords: 100,
  maxCondemned: 100,
  breakerErrors: 100,
  breakerShare: 0.01,
  breakerWindowMinutes: 60,
  maxRecordBytes: 1_048_576,
  maxUnpackedBytes: 4 * 1024 ** 3,
};

const LIMITS = {
  maxAttempts: whole(1).optional(),
  maxQuarantineRate: amount(0, 1).optional(),
  smallBatchRecords: whole(0).optional(),
  maxCondemned: whole(0).optional(),
  breakerErrors: whole(1).optional(),
  breakerShare: amount(0, 1).optional(),
  breakerWindowMinutes: whole(1).optional(),
  maxRecordBytes: whole(1).optional(),
  maxUnpackedBytes: whole(1).optional(),
} as const satisfies Record<keyof Limits, unknown>;

/** Reads the settings of a source contract; what is absent has its default. */
export function readSourceSettings(custom: CustomValues, problems: Problems): SourceSettings {
  const one = <T>(name: AssayProperty, schema: z.ZodType<T>, otherwise: T): T => {
    const given = custom.get(name);
    return given === undefined
      ? otherwise
      : (readValue(schema, given.value, given.path, problems) ?? otherwise);
  };
  return {
    csv: readCsv(custom, problems),
    unknownColumns: one('assay.unknownColumns', choice(['ignore', 'rescue', 'reject']), 'ignore'),
    duplicates: one('assay.duplicates', choice(['condemn', 'keep-first', 'replace']), 'condemn'),
    measures: readMeasures(custom, problems),
    limits: readLimits(custom, problems),
  };
}

function readCsv(custom: CustomValues, problems: Problems): CsvDialect {
  const { value = {}, path = [] } = custom.get('assay.csv') ?? {};
  refuseUnknown(value, Object.keys(CSV), path, { problems, hint: `use ${Object.keys(CSV).join(', ')}` });
  const fields = readFields(CSV, value, path, problems);
  const { delimiter = ',', quote = '"', encodings = ['utf-8'], nullValues = [] } = fields;
  if (quote === delimiter)
    problems.add([...path, 'quote'], `is '${quote}', the delimiter; write two different signs`);
  if (fields.escape === delimiter)
    problems.add([...path, 'escape'], `is '${delimiter}', the delimiter; write two different signs`);
  const never = neverTried(encodings);
  if (never !== undefined) {
    const why = `is ${never}, which reads nearly any bytes, so that what stands after it is not tried`;
    const what = 'write windows-1252 behind utf-8, and iso-8859-1 last';
    problems.add([...path, 'encodings', encodings.indexOf(never)], `${why}; ${what}`);
  }
  if (fields.columns !== undefined && fields.preambleLines !== undefined) {
    const why = 'is set beside columns, which say that there is no header; write one of the two';
    problems.add([...path, 'preambleLines'], why);
  }
  const column = readTotalRow(fields.totalRow, [...path, 'totalRow'], problems);
  return {
    delimiter,
    quote,
    escape: fields.escape ?? quote,
    encodings,
    nullValues: nullValues.map((item) => item.trim()),
    ...(column === undefined ? {} : { totalRowColumn: column }),
    ...(fields.preambleLines === undefined ? {} : { preambleLines: fields.preambleLines }),
    ...(fields.columns === undefined ? {} : { columns: fields.columns }),
  };
}

/** The encoding behind which another stands in vain; UTF-16 is for whole files, wherever it stands. */
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

function readMeasures(custom: CustomValues, problems: Problems): Measure[] {
  const { value, path = [] } = custom.get('assay.measures') ?? {};
  return asList(value, path, problems).flatMap((entry, i) => {
    const at = [...path, i];
    refuseUnknown(entry, ['column', 'by'], at, { problems, hint: 'write column and by' });
    const shape = {
      column: text('write the column to sum'),
      by: text('write the column to sum by').optional(),
    };
    const { column, by } = readFields(shape, entry, at, problems);
    if (column === undefined) return [];
    return [by === undefined ? { column } : { column, by }];
  });
}

function readLimits(custom: CustomValues, problems: Problems): Limits {
  const { value = {}, path = [] } = custom.get('assay.limits') ?? {};
  refuseUnknown(value, Object.keys(LIMITS), path, {
    problems,
    hint: `use ${Object.keys(LIMITS).join(', ')}`,
  });
  const given = readFields(LIMITS, value, path, problems);
  const set = Object.entries(given).filter(([, limit]) => limit !== undefined);
  return { ...DEFAULT_LIMITS, ...Object.fromEntries(set) };
}
