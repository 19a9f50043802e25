import type { ColumnType } from '../table/schema.ts';
import { canonicalValue } from './canonical-value.ts';
import type { ColumnCheck } from './contract.ts';
import { flag, isMap, readFields, refuseUnknown, text, whole } from './fields.ts';
import { patternFault } from './portable-pattern.ts';
import type { Path, Problems } from './problems.ts';

/** What logicalTypeOptions say: checks, for dates one more format, and for timestamps about their zones. */
export interface ColumnOptions {
  readonly checks: readonly ColumnCheck[];
  readonly format?: string;
  /** Whether each time has its own offset. */
  readonly timezone?: boolean;
  /** The zone of those that have none. */
  readonly defaultTimezone?: string;
}

const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;

const KNOWN: Partial<Record<ColumnType['kind'], readonly string[]>> = {
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  long: [...BOUNDS, 'multipleOf', 'format'],
  decimal: [...BOUNDS, 'multipleOf', 'format'],
  double: [...BOUNDS, 'multipleOf', 'format'],
  date: [...BOUNDS, 'format'],
  timestamptz: [...BOUNDS, 'format', 'timezone', 'defaultTimezone'],
};

/** Standard options that are checks Assay doesn't make: refused, because skipping a check in silence is worse. */
const REFUSED: Readonly<Record<string, string>> = {
  'string format': 'is not checked by Assay; write a pattern instead',
  'number format': 'is not checked by Assay; write minimum and maximum instead',
  multipleOf: 'is not checked by Assay; write a record rule instead',
};

/** Reads logicalTypeOptions as ODCS v3.0 (exclusive bounds are flags) or v3.1 (they are bounds) writes them. */
export function readColumnOptions(
  value: unknown,
  type: ColumnType,
  path: Path,
  problems: Problems,
): ColumnOptions {
  if (value === undefined) return { checks: [] };
  if (!isMap(value)) {
    problems.add(path, 'is not a map; write e.g. {maxLength: 20}');
    return { checks: [] };
  }
  const known = KNOWN[type.kind] ?? [];
  const hint = known.length === 0 ? `a ${type.kind} column has no options` : `use ${known.join(', ')}`;
  refuseUnknown(value, known, path, { problems, hint });
  refuseUnmade(value, type, path, problems);
  if (type.kind === 'string') return { checks: readTextChecks(value, path, problems) };
  const checks = readRange(value, type, path, problems);
  if (type.kind !== 'date' && type.kind !== 'timestamptz') return { checks };
  const given = readFields(TEMPORAL, value, path, problems);
  const { format, timezone, defaultTimezone } = type.kind === 'date' ? { format: given.format } : given;
  return {
    checks,
    ...(format === undefined ? {} : { format }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(defaultTimezone === undefined ? {} : { defaultTimezone }),
  };
}

const TEMPORAL = {
  format: text('write a date pattern').optional(),
  timezone: flag.optional(),
  defaultTimezone: text('write a time zone such as Europe/London').optional(),
} as const;

function refuseUnmade(
  value: Readonly<Record<string, unknown>>,
  { kind }: ColumnType,
  path: Path,
  problems: Problems,
): void {
  const temporal = kind === 'date' || kind === 'timestamptz';
  for (const key of Object.keys(value)) {
    const name = key === 'format' ? (kind === 'string' ? 'string format' : 'number format') : key;
    const reason = temporal && key === 'format' ? undefined : REFUSED[name];
    if (reason !== undefined) problems.add([...path, key], reason);
  }
}

const TEXT = {
  minLength: whole(0).optional(),
  maxLength: whole(0).optional(),
  pattern: text('write a regular expression').optional(),
} as const;

function readTextChecks(value: unknown, path: Path, problems: Problems): ColumnCheck[] {
  const { minLength: min, maxLength: max, pattern } = readFields(TEXT, value, path, problems);
  const checks: ColumnCheck[] = [];
  if (min !== undefined && max !== undefined && min > max) {
    problems.add([...path, 'minLength'], `is ${min}, more than maxLength ${max}; swap them`);
  }
  if (min !== undefined || max !== undefined) {
    checks.push({
      kind: 'length',
      rule: 'length',
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    });
  }
  return pattern === undefined
    ? checks
    : [...checks, ...readPattern(pattern, 'pattern', [...path, 'pattern'], problems)];
}

/** A pattern check, or a problem where RE2 and JavaScript would not agree on it. */
export function readPattern(pattern: string, rule: string, path: Path, problems: Problems): ColumnCheck[] {
  const fault = patternFault(pattern);
  if (fault !== undefined) problems.add(path, fault);
  return [{ kind: 'pattern', rule, pattern }];
}

type Side = 'Minimum' | 'Maximum';

function readRange(
  value: Readonly<Record<string, unknown>>,
  type: ColumnType,
  path: Path,
  problems: Problems,
): ColumnCheck[] {
  const low = readBound(value, 'Minimum', type, { path, problems });
  const high = readBound(value, 'Maximum', type, { path, problems });
  if (low.bound === undefined && high.bound === undefined) return [];
  if (low.bound !== undefined && high.bound !== undefined && isAfter(low.bound, high.bound, type)) {
    problems.add(path, `has a minimum ${low.bound} above its maximum ${high.bound}; swap them`);
  }
  return [
    {
      kind: 'range',
      rule: 'range',
      ...(low.bound === undefined ? {} : { min: low.bound }),
      ...(high.bound === undefined ? {} : { max: high.bound }),
      exclusiveMin: low.exclusive,
      exclusiveMax: high.exclusive,
    },
  ];
}

interface Bound {
  readonly bound: string | undefined;
  readonly exclusive: boolean;
}

function readBound(
  value: Readonly<Record<string, unknown>>,
  side: Side,
  type: ColumnType,
  { path, problems }: { readonly path: Path; readonly problems: Problems },
): Bound {
  const [plain, strict] = [side.toLowerCase(), `exclusive${side}`];
  const isFlag = typeof value[strict] === 'boolean';
  const exclusive = isFlag ? value[strict] === true : value[strict] !== undefined;
  if (value[plain] !== undefined && value[strict] !== undefined && !isFlag) {
    problems.add([...path, strict], `stands beside ${plain}; write one of them`);
  }
  if (isFlag && exclusive && value[plain] === undefined) {
    problems.add([...path, strict], `is true with no ${plain}; write the bound`);
  }
  const key = exclusive && !isFlag ? strict : plain;
  if (value[key] === undefined) return { bound: undefined, exclusive: false };
  const read = canonicalValue(type, value[key]);
  if (read.kind === 'wrong') problems.add([...path, key], read.message);
  return { bound: read.kind === 'value' ? read.text : undefined, exclusive };
}

function isAfter(low: string, high: string, type: ColumnType): boolean {
  return type.kind === 'date' || type.kind === 'timestamptz' ? low > high : Number(low) > Number(high);
}
