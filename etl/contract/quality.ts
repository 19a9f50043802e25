import type { ColumnType } from '../table/schema.ts';
import { canonicalValue } from './canonical-value.ts';
import { readPattern } from './column-options.ts';
import type { ColumnCheck, RecordRule } from './contract.ts';
import { asList, isMap, matching, readFields, refuseUnknown, text } from './fields.ts';
import { OPERATORS, QUALITY_FIELDS } from './odcs-fields.ts';
import type { Path, Problems } from './problems.ts';

const RULE_NAME = /^[a-z][a-z0-9_]*$/;
const NAME_HINT = 'write a name of lower-case letters, digits and underscores: it appears in reasons';
const ruleName = matching(RULE_NAME, NAME_HINT);
const description = text('write what the check is for').optional();

type Entry = Readonly<Record<string, unknown>>;

/** The checks that a property's quality list declares: invalidValues with validValues or a pattern. */
export function readColumnQuality(
  value: unknown,
  type: ColumnType,
  path: Path,
  problems: Problems,
): ColumnCheck[] {
  return entries(value, path, problems).flatMap(({ entry, at }) => {
    if (isOurs(entry)) {
      problems.add(at, 'is a record rule on a column; move it to the quality of the schema object');
      return [];
    }
    if (!isMade(entry, at, problems)) return [];
    const metric = entry.metric ?? entry.rule;
    if (!['invalidValues', 'validValues', 'invalidCount'].includes(String(metric))) {
      problems.add(at, `${unmade(metric)}; write metric: invalidValues${instead(metric)}`);
      return [];
    }
    return readInvalidValues(entry, type, at, problems);
  });
}

/** The record rules that a schema object's quality list declares. */
export function readRecordRules(value: unknown, path: Path, problems: Problems): RecordRule[] {
  const rules = entries(value, path, problems).flatMap(({ entry, at }) => {
    if (isOurs(entry)) return readRule(entry, at, problems);
    if (isMade(entry, at, problems)) {
      problems.add(
        at,
        `${unmade(entry.metric ?? entry.rule)}; write a check on a property, or type: custom with engine: assay`,
      );
    }
    return [];
  });
  refuseRepeats(
    rules.map(({ rule, at }) => ({ name: rule.rule, path: [...at, 'name'] })),
    problems,
  );
  return rules.map(({ rule }) => rule);
}

/** Two checks under one name would give reasons that can't be told apart. */
export function refuseRepeats(
  names: readonly { readonly name: string; readonly path: Path }[],
  problems: Problems,
): void {
  for (const [i, { name, path }] of names.entries()) {
    if (names.findIndex((other) => other.name === name) < i) {
      problems.add(path, `is '${name}', which another check here is called already; give each its own name`);
    }
  }
}

function entries(value: unknown, path: Path, problems: Problems): { entry: Entry; at: Path }[] {
  return asList(value, path, problems).flatMap((entry, i) => {
    const at = [...path, i];
    if (!isMap(entry)) {
      problems.add(at, 'is not a check; write its fields as `name: value`');
      return [];
    }
    const hint = 'engine-specific settings go under customProperties';
    refuseUnknown(entry, QUALITY_FIELDS, at, { problems, hint });
    return [{ entry, at }];
  });
}

const isOurs = (entry: Entry): boolean => entry.type === 'custom' && entry.engine === 'assay';

/** Whether a check is one that Assay must make; text and other engines' checks are not. */
function isMade(entry: Entry, at: Path, problems: Problems): boolean {
  if (entry.type === 'text') return false;
  if (entry.type === 'custom') {
    if (typeof entry.engine !== 'string')
      problems.add([...at, 'engine'], 'is missing; write the engine that makes the check, e.g. assay');
    return false;
  }
  if (entry.type === 'sql') {
    problems.add(
      [...at, 'type'],
      'is sql, which Assay does not run; write type: custom, engine: assay and a boolean expression',
    );
    return false;
  }
  if (entry.type !== undefined && entry.type !== 'library') {
    problems.add([...at, 'type'], 'is no type of check; write one of library, text, custom');
    return false;
  }
  refuseSeverity(entry, at, problems);
  return true;
}

function refuseSeverity(entry: Entry, at: Path, problems: Problems): void {
  if (entry.severity !== undefined && entry.severity !== 'error') {
    problems.add(
      [...at, 'severity'],
      'is not error; a check here always decides the verdict: write error, or make the check type: text',
    );
  }
}

const unmade = (metric: unknown): string =>
  typeof metric === 'string' ? `is a ${metric} check, which Assay does not make` : 'names no metric';

function instead(metric: unknown): string {
  if (metric === 'nullValues' || metric === 'missingValues') return ', or required: true for this';
  return metric === 'duplicateValues' ? ', or primaryKey: true for this' : '';
}

function readInvalidValues(entry: Entry, type: ColumnType, at: Path, problems: Problems): ColumnCheck[] {
  const operator = OPERATORS.find((name) => name in entry && !(name === 'mustBe' && entry[name] === 0));
  if (operator !== undefined) {
    problems.add(
      [...at, operator],
      'sets a threshold; Assay judges each record, and the contract limits the rate: write mustBe: 0',
    );
  }
  const inner = isMap(entry.arguments) ? 'arguments' : undefined;
  const holder: Entry = isMap(entry.arguments) ? entry.arguments : entry;
  const path = inner === undefined ? at : [...at, inner];
  if (inner !== undefined) {
    refuseUnknown(holder, ['validValues', 'pattern'], path, {
      problems,
      hint: 'write validValues or pattern',
    });
  }
  const { name } = readFields({ name: ruleName.optional() }, entry, at, problems);
  if (typeof holder.pattern === 'string' && type.kind === 'string') {
    if (holder.validValues !== undefined)
      problems.add(path, 'has validValues and pattern; make them two checks');
    return readPattern(holder.pattern, name ?? 'pattern', [...path, 'pattern'], problems);
  }
  return readValues(holder.validValues, type, {
    rule: name ?? 'valid_values',
    path: [...path, 'validValues'],
    problems,
  });
}

/** A check that a value is one of a list, given as YAML. */
export function readValues(
  value: unknown,
  type: ColumnType,
  { rule, path, problems }: { readonly rule: string; readonly path: Path; readonly problems: Problems },
): ColumnCheck[] {
  if (type.kind === 'timestamptz' || type.kind === 'double') {
    problems.add(
      path,
      'lists values of a column whose values are not compared exactly; write minimum and maximum',
    );
    return [];
  }
  if (!Array.isArray(value) || value.length === 0) {
    problems.add(path, 'lists no values; write [A, B, …]');
    return [];
  }
  const values = value.flatMap((item: unknown, i) => {
    const read = canonicalValue(type, item);
    if (read.kind === 'wrong') problems.add([...path, i], read.message);
    return read.kind === 'value' ? [read.text] : [];
  });
  return [{ kind: 'values', rule, values }];
}

const RULE = {
  name: ruleName,
  description,
  implementation: text('write a boolean SQL expression over the columns'),
} as const;

function readRule(entry: Entry, at: Path, problems: Problems): { rule: RecordRule; at: Path }[] {
  refuseSeverity(entry, at, problems);
  const { name, description: what = '', implementation } = readFields(RULE, entry, at, problems);
  if (name === undefined || implementation === undefined) return [];
  return [{ rule: { rule: name, description: what.trim(), expression: implementation.trim() }, at }];
}
