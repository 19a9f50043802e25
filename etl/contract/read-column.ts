import { z } from 'zod';
import { readColumnProtection } from '../privacy/read-protection.ts';
import type { ColumnType } from '../table/schema.ts';
import { readColumnOptions } from './column-options.ts';
import { columnType, LOGICAL_TYPES } from './column-type.ts';
import type { ColumnCheck, ColumnTimezone, ContractColumn } from './contract.ts';
import { type CustomValues, readCustomProperties } from './custom-properties.ts';
import { ambiguousPatterns, patternGap, readDatePattern } from './date-pattern.ts';
import {
  choice,
  flag,
  isMap,
  listOf,
  matching,
  readFields,
  readValue,
  refuseUnknown,
  text,
} from './fields.ts';
import { normaliseHeader } from './header.ts';
import { ISO_4217 } from './iso-4217.ts';
import { PROPERTY_FIELDS } from './odcs-fields.ts';
import type { Path, Problems } from './problems.ts';
import { readColumnQuality, readValues, refuseRepeats } from './quality.ts';
import { readPath } from './read-format.ts';
import { PLAIN_NUMBER, readNumberFormat } from './read-number-format.ts';
import { readPii } from './read-pii.ts';
import { readTimezone } from './read-timezone.ts';

/** A column as far as it could be read; where anything was wrong there are problems, and it is never used. */
export interface ColumnDraft {
  readonly path: Path;
  /** Undefined where it could not be read: nothing more is then said about it. */
  readonly type: ColumnType | undefined;
  readonly column: ContractColumn;
  readonly isKey: boolean;
  readonly keyPosition: number | undefined;
  readonly custom: CustomValues;
}

const CLASSIFICATIONS = ['public', 'internal', 'confidential', 'personal'] as const;
const CLASSIFIED = ': no classification, no contract';

const PROPERTY = {
  name: matching(
    /^[a-z][a-z0-9_]*$/,
    'write a name of lower-case letters, digits and underscores, e.g. net_amount',
  ),
  logicalType: choice(LOGICAL_TYPES),
  physicalType: text('write the type, e.g. DECIMAL(18,2)').optional(),
  description: text('write what the column holds').optional(),
  required: flag.optional(),
  unique: flag.optional(),
  primaryKey: flag.optional(),
  primaryKeyPosition: z.int({ error: () => 'is not a whole number; write 1, 2, …' }).optional(),
  classification: choice(CLASSIFICATIONS, CLASSIFIED),
} as const;

/** Reads one ODCS property; undefined where it has no usable name. Every problem is added, none hides another. */
export function readColumn(value: unknown, path: Path, problems: Problems): ColumnDraft | undefined {
  const hint = 'own fields go under customProperties';
  refuseUnknown(value, PROPERTY_FIELDS, path, { problems, hint });
  const fields = readFields(PROPERTY, value, path, problems);
  if (!isMap(value)) return undefined;
  const custom = readCustomProperties(
    [{ value: value.customProperties, path: [...path, 'customProperties'] }],
    'column',
    problems,
  );
  const type = fields.logicalType && columnType(fields.logicalType, fields.physicalType, path, problems);
  if (fields.unique === true && fields.primaryKey !== true) {
    problems.add([...path, 'unique'], 'is a check that Assay makes for the key only; write primaryKey: true');
  }
  const headers = readHeaders(fields.name, custom, problems);
  const { checks, formats, number, timezone } = readTyped(value, type, { custom, path, problems });
  if (fields.name === undefined) return undefined;
  return {
    path,
    type,
    custom,
    isKey: fields.primaryKey === true,
    keyPosition: (fields.primaryKeyPosition ?? -1) < 0 ? undefined : fields.primaryKeyPosition,
    column: {
      name: fields.name,
      type: type ?? { kind: 'string' },
      // A wrong value is one problem: checks that need a required column must not repeat it.
      required: fields.required ?? value.required !== undefined,
      classification: fields.classification ?? 'personal',
      description: (fields.description ?? '').trim(),
      headers,
      formats,
      number,
      ...(timezone === undefined ? {} : { timezone }),
      ...readNullValues(custom, problems),
      ...readPath(custom, problems),
      ...readPii(custom, { classification: fields.classification ?? 'personal' }, problems),
      checks,
      ...readProtect(custom, problems),
    },
  };
}

interface Context {
  readonly custom: CustomValues;
  readonly path: Path;
  readonly problems: Problems;
}
type Typed = Pick<ContractColumn, 'checks' | 'formats' | 'number'> & {
  readonly timezone?: ColumnTimezone | undefined;
};

function readTyped(
  value: Readonly<Record<string, unknown>>,
  type: ColumnType | undefined,
  context: Context,
): Typed {
  const { path, problems } = context;
  if (type === undefined) return { checks: [], formats: [], number: PLAIN_NUMBER };
  const options = readColumnOptions(
    value.logicalTypeOptions,
    type,
    [...path, 'logicalTypeOptions'],
    problems,
  );
  const checks = [
    ...options.checks,
    ...readEnum(value.enum, type, [...path, 'enum'], problems),
    ...readCodeList(type, context),
    ...readColumnQuality(value.quality, type, [...path, 'quality'], problems),
  ];
  refuseRepeats(
    checks.map(({ rule }) => ({ name: rule, path: [...path, 'quality'] })),
    problems,
  );
  return {
    checks,
    formats: readFormats(options.format, type, context),
    number: readNumberFormat(context.custom.get('assay.number'), type, problems),
    timezone: readTimezone(options, type, context),
  };
}

const NULL_VALUES = listOf(
  text("write it in quotes, e.g. 'NA'"),
  "write texts that mean no value here as ['NA', '-']",
  1,
);
const HEADERS = listOf(text('write a header spelling'), 'write the header spellings as [A, B, …]', 1);
const FORMATS = listOf(text('write a date pattern'), 'write patterns such as [dd/MM/yyyy]', 1);
const CODE_LIST = choice(['iso-4217'], ' (own values go into quality: invalidValues)');

function readNullValues(custom: CustomValues, problems: Problems): Pick<ContractColumn, 'nullValues'> {
  const given = custom.get('assay.nullValues');
  const listed = given === undefined ? undefined : readValue(NULL_VALUES, given.value, given.path, problems);
  return listed === undefined ? {} : { nullValues: listed.map((item) => item.trim()) };
}

function readProtect(custom: CustomValues, problems: Problems): Pick<ContractColumn, 'protect'> {
  const given = custom.get('assay.protect');
  const protect = given && readColumnProtection(given.value, given.path, problems);
  return protect === undefined ? {} : { protect };
}

function readHeaders(name: string | undefined, custom: CustomValues, problems: Problems): string[] {
  const given = custom.get('assay.headers');
  const aliases = given === undefined ? [] : (readValue(HEADERS, given.value, given.path, problems) ?? []);
  const spellings = new Map<string, string>();
  for (const header of name === undefined ? aliases : [name, ...aliases]) {
    const key = normaliseHeader(header);
    if (!spellings.has(key)) spellings.set(key, header);
  }
  return [...spellings.values()];
}

function readFormats(
  option: string | undefined,
  type: ColumnType,
  { custom, path, problems }: Context,
): string[] {
  const given = custom.get('assay.formats');
  if (type.kind !== 'date' && type.kind !== 'timestamptz') {
    if (given !== undefined) problems.add(given.path, 'is for date and timestamp columns; remove it');
    return [];
  }
  const listed = given === undefined ? [] : (readValue(FORMATS, given.value, given.path, problems) ?? []);
  const all = listed.map((pattern, i) => ({ pattern, at: [...(given?.path ?? path), i] }));
  if (option !== undefined) all.push({ pattern: option, at: [...path, 'logicalTypeOptions', 'format'] });
  for (const { pattern, at } of all) {
    const read = readDatePattern(pattern);
    const fault = read.kind === 'wrong' ? read.message : patternGap(read.parts, type.kind);
    if (fault !== undefined) problems.add(at, fault);
  }
  const formats = [...new Set(all.map(({ pattern }) => pattern))];
  const pair = ambiguousPatterns(formats);
  if (pair !== undefined) {
    problems.add(
      given?.path ?? path,
      `reads one text as two dates by ${pair[0]} and ${pair[1]}; keep one of them`,
    );
  }
  return formats;
}

function readCodeList(type: ColumnType, { custom, problems }: Context): ColumnCheck[] {
  const given = custom.get('assay.values');
  if (given === undefined) return [];
  const list = readValue(CODE_LIST, given.value, given.path, problems);
  if (type.kind !== 'string') problems.add(given.path, 'is for string columns; remove it');
  return list === undefined ? [] : [{ kind: 'values', rule: 'iso_4217', values: ISO_4217 }];
}

/** The `enum` of ODCS v3.2: `[{value: A}, …]`. */
function readEnum(value: unknown, type: ColumnType, path: Path, problems: Problems): ColumnCheck[] {
  if (value === undefined) return [];
  const values = Array.isArray(value)
    ? value.map((item: unknown) => (isMap(item) ? item.value : item))
    : value;
  return readValues(values, type, { rule: 'enum', path, problems });
}
