import { typeText } from './column-type.ts';
import { compareContracts } from './compare-contracts.ts';
import type { ColumnCheck, Contract, ContractColumn } from './contract.ts';
import { canonicalJson } from './digest.ts';

/** Modes by which registries let versions follow one another. */
export const REGISTRY_MODES = ['NONE', 'BACKWARD', 'FORWARD', 'FULL'] as const;
export type RegistryMode = (typeof REGISTRY_MODES)[number];

/** Whether two versions may follow one another by each mode, and why not. */
export type RegistryVerdicts = Readonly<
  Record<RegistryMode, { readonly compatible: boolean; readonly because: readonly string[] }>
>;

/**
 * What registries would say of two versions of a contract: BACKWARD, whether every record that passes by the old one passes
 * by the new one; FORWARD, the reverse; FULL, both. What can't be decided counts against it. Values that a contract doesn't
 * name are taken as never written. Of the versions of a subject a transitive mode asks the same of each pair.
 */
export function registryVerdicts(old: Contract, next: Contract): RegistryVerdicts {
  const backward = obstacles({ reader: next, writer: old }).map((why) => `by the new version ${why}`);
  const forward = obstacles({ reader: old, writer: next }).map((why) => `by the old version ${why}`);
  const verdict = (because: readonly string[]) => ({ compatible: because.length === 0, because });
  return {
    NONE: verdict([]),
    BACKWARD: verdict(backward),
    FORWARD: verdict(forward),
    FULL: verdict([...backward, ...forward]),
  };
}

/** A contract that judges records, and the one that they were written by. */
interface Pair {
  readonly reader: Contract;
  readonly writer: Contract;
}

function obstacles({ reader, writer }: Pair): string[] {
  const written = new Map(writer.columns.map((column) => [column.name, column]));
  const known = new Set(reader.columns.map(({ name }) => name));
  const extra = writer.columns.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  return [
    ...(reader.dataset === writer.dataset ? [] : [`the dataset is ${reader.dataset}`]),
    ...reader.columns.flatMap((column) => columnObstacles(column, written.get(column.name))),
    ...(reader.layer === 'silver' && reader.unknownColumns === 'reject'
      ? extra.map((name) => `${name} is unknown, and rejects what has it`)
      : []),
    ...ruleObstacles(reader, writer),
    ...readingObstacles({ reader, writer }),
  ];
}

function columnObstacles(read: ContractColumn, written: ContractColumn | undefined): string[] {
  const { name } = read;
  if (written === undefined) return read.required ? [`${name} is required, and was never written`] : [];
  return [
    ...(read.required && !written.required ? [`${name} is required, and may be missing`] : []),
    ...(isWithin(read.type, written.type)
      ? []
      : [`${name} is ${typeText(read.type)}, and was ${typeText(written.type)}`]),
    ...read.checks
      .filter((check) => !written.checks.some((one) => implies(one, check)))
      .map((check) => `${name} meets ${check.rule}, which it need not`),
    ...nullObstacles(read, written),
  ];
}

/** Whether each value of a type is one of another. */
function isWithin(read: ContractColumn['type'], written: ContractColumn['type']): boolean {
  if (typeText(read) === typeText(written)) return true;
  if (read.kind !== 'decimal') return read.kind === 'double' && ['decimal', 'long'].includes(written.kind);
  const whole = read.precision - read.scale;
  if (written.kind === 'long') return whole >= LONG_DIGITS;
  return (
    written.kind === 'decimal' && read.scale >= written.scale && whole >= written.precision - written.scale
  );
}

/** Digits of the largest 64-bit integer. */
const LONG_DIGITS = 19;

/** Whether whatever meets one check meets another. */
function implies(has: ColumnCheck, wanted: ColumnCheck): boolean {
  const { rule: _, ...said } = has;
  const { rule: __, ...asked } = wanted;
  if (canonicalJson(said) === canonicalJson(asked)) return true;
  if (has.kind === 'values' && wanted.kind === 'values')
    return has.values.every((value) => wanted.values.includes(value));
  if (has.kind !== 'length' || wanted.kind !== 'length') return false;
  return (
    (has.min ?? 0) >= (wanted.min ?? 0) &&
    (has.max ?? Number.POSITIVE_INFINITY) <= (wanted.max ?? Number.POSITIVE_INFINITY)
  );
}

/** A text that means no value now is missing where it was a value. */
function nullObstacles(read: ContractColumn, written: ContractColumn): string[] {
  const before = new Set(written.nullValues ?? []);
  const more = (read.nullValues ?? []).filter((text) => !before.has(text));
  return read.required && more.length > 0
    ? [`${read.name} is missing where it is '${more.join("' or '")}'`]
    : [];
}

function ruleObstacles({ rules }: Contract, writer: Contract): string[] {
  const before = new Set(writer.rules.map(({ expression }) => expression));
  return rules
    .filter(({ expression }) => !before.has(expression))
    .map(({ rule }) => `the rule ${rule} is met, which it need not`);
}

/** Paths of changes in how values are spelled, and of where they stand. */
const READING =
  /^(csv[.].*|partitionColumn|columns[.][^.]+[.](headers|path|formats|number([.].*)?|timezone.*|nullValues))$/;

/** What is read otherwise: changes that break what was right before. */
const readingObstacles = ({ reader, writer }: Pair): string[] =>
  compareContracts(writer, reader)
    .changes.filter(({ kind, path }) => kind === 'breaking' && READING.test(path))
    .map(({ path, message }) => `${path} ${message}`);
