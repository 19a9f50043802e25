import type { z } from 'zod';
import type { Limits, Measure, SourceContract } from './contract.ts';
import type { AssayProperty, CustomValues } from './custom-properties.ts';
import { amount, asList, choice, readFields, readValue, refuseUnknown, text, whole } from './fields.ts';
import type { Problems } from './problems.ts';
import { readConsent } from './read-consent.ts';
import { readCsv } from './read-csv.ts';

/** What a source contract says beside its columns, in `assay.*` properties or by default. */
export type SourceSettings = Pick<
  SourceContract,
  'csv' | 'unknownColumns' | 'duplicates' | 'redelivery' | 'recordKey' | 'measures' | 'limits' | 'consent'
>;

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

const UNKNOWN_COLUMNS = choice(['ignore', 'rescue', 'reject']);
const DUPLICATES = choice(['condemn', 'keep-first', 'replace']);
const REDELIVERY = choice(['expected']);
const RECORD_KEY = choice(['record'], '; columns of a key say primaryKey: true themselves');
const MEASURE = {
  column: text('write the column to sum'),
  by: text('write the column to sum by').optional(),
} as const;

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
    unknownColumns: one('assay.unknownColumns', UNKNOWN_COLUMNS, 'ignore'),
    duplicates: one('assay.duplicates', DUPLICATES, 'condemn'),
    measures: readMeasures(custom, problems),
    limits: readLimits(custom, problems),
    ...readRepeats(custom, problems),
    ...readConsent(custom, problems),
  };
}

/** Reads how the contract treats repeated records. */
function readRepeats(
  custom: CustomValues,
  problems: Problems,
): Pick<SourceContract, 'redelivery' | 'recordKey'> {
  const [redelivery, key, duplicates] = (['assay.redelivery', 'assay.key', 'assay.duplicates'] as const).map(
    (name) => custom.get(name),
  );
  if (redelivery !== undefined) readValue(REDELIVERY, redelivery.value, redelivery.path, problems);
  if (key !== undefined) readValue(RECORD_KEY, key.value, key.path, problems);
  if (key !== undefined && duplicates !== undefined)
    problems.add(
      duplicates.path,
      'says what becomes of duplicates, but with assay.key: record there are none: a record that comes again is a repeat; remove it',
    );
  return {
    ...(redelivery === undefined ? {} : { redelivery: 'expected' }),
    ...(key === undefined ? {} : { recordKey: true }),
  };
}

function readMeasures(custom: CustomValues, problems: Problems): Measure[] {
  const { value, path = [] } = custom.get('assay.measures') ?? {};
  return asList(value, path, problems).flatMap((entry, i) => {
    const at = [...path, i];
    refuseUnknown(entry, ['column', 'by'], at, { problems, hint: 'write column and by' });
    const { column, by } = readFields(MEASURE, entry, at, problems);
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
