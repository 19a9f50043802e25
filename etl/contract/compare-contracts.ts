import { columnPointer } from '../jsonl/pointer.ts';
import { isByArrival } from './arrival-month.ts';
import { typeText } from './column-type.ts';
import { compareProtection, compareSubjects } from './compare-protection.ts';
import { compareTimezones } from './compare-timezones.ts';
import type { Contract, ContractColumn, EventColumns, SourceContract } from './contract.ts';
import type { CsvDialect } from './csv-dialect.ts';
import { canonicalJson } from './digest.ts';
import { normaliseHeader } from './header.ts';
import { isByRecord, keyText } from './record-key.ts';

/** One difference between two versions of a contract. */
export interface ContractChange {
  /** Whether readers or source systems that were right before may now fail, only gain, or notice nothing. */
  readonly kind: 'breaking' | 'additive' | 'neutral';
  /** `columns.net_amount.type`. */
  readonly path: string;
  readonly message: string;
}

/** How a new version of a contract differs from the old. */
export interface ContractComparison {
  /** No change is breaking. */
  readonly compatible: boolean;
  /** There is a breaking change and the major version wasn't raised: the new version must not be used. */
  readonly needsMajor: boolean;
  readonly changes: readonly ContractChange[];
}

type Kind = ContractChange['kind'];
const change = (kind: Kind, path: string, message: string): ContractChange => ({ kind, path, message });

/** Compares two versions of one dataset's contract: additive optional columns are compatible, what takes away is not. */
export function compareContracts(old: Contract, next: Contract): ContractComparison {
  const changes = [
    ...compareTables(old, next),
    ...compareColumns(old, next),
    ...(old.layer === 'silver' && next.layer === 'silver' ? compareSources(old, next) : []),
    ...compareRest(old, next),
  ];
  const all = [...changes, ...compareVersions(old, next, changes.length > 0)];
  const compatible = all.every(({ kind }) => kind !== 'breaking');
  const goesUp = major(next) > major(old);
  return { compatible, needsMajor: !compatible && !goesUp, changes: all };
}

const major = ({ version }: Contract): number => Number(version.split('.')[0]);

function compareTables(old: Contract, next: Contract): ContractChange[] {
  const fields = ['dataset', 'layer', 'partitionColumn'] as const;
  const changed = fields
    .filter((field) => old[field] !== next[field])
    .map((field) => change('breaking', field, `was ${old[field]}, is ${next[field]}`));
  if (old.partitionColumn === next.partitionColumn && isByArrival(old) !== isByArrival(next))
    changed.push(
      change('breaking', 'partitionColumn', 'was the arrival of files, is a column, or the reverse'),
    );
  if (old.key.join() !== next.key.join() || isByRecord(old) !== isByRecord(next)) {
    changed.push(change('breaking', 'key', `was ${keyText(old)}, is ${keyText(next)}`));
  }
  return changed;
}

function compareColumns(old: Contract, next: Contract): ContractChange[] {
  const before = new Map(old.columns.map((column) => [column.name, column]));
  const after = new Map(next.columns.map((column) => [column.name, column]));
  const gone = old.columns
    .filter(({ name }) => !after.has(name))
    .map((column) => goneColumn(column, old, next));
  const rest = next.columns.flatMap((column) => {
    const previous = before.get(column.name);
    return previous === undefined ? [newColumn(column)] : compareColumn(previous, column);
  });
  const order = (columns: readonly ContractColumn[], others: ReadonlyMap<string, unknown>): string =>
    columns
      .map(({ name }) => name)
      .filter((name) => others.has(name))
      .join(', ');
  const [was, is] = [order(old.columns, after), order(next.columns, before)];
  return [
    ...gone,
    ...rest,
    ...(was === is ? [] : [change('neutral', 'columns', `were in the order ${was}`)]),
  ];
}

function goneColumn(column: ContractColumn, old: Contract, next: Contract): ContractChange {
  const known = new Set(old.columns.map(({ name }) => name));
  const spellings = new Set(column.headers.map(normaliseHeader));
  const renamed = next.columns.find(
    (one) =>
      !known.has(one.name) &&
      (one.headers.some((header) => spellings.has(normaliseHeader(header))) ||
        isSamePlace(column, one, next)),
  );
  const path = `columns.${column.name}`;
  return renamed === undefined
    ? change('breaking', path, 'was removed')
    : change('breaking', path, `was renamed to ${renamed.name}`);
}

/** Whether a column of JSON stands where another did. */
const isSamePlace = (old: ContractColumn, column: ContractColumn, next: Contract): boolean =>
  next.layer === 'silver' && next.csv.format === 'jsonl' && columnPointer(old) === columnPointer(column);

function newColumn({ name, required }: ContractColumn): ContractChange {
  return required
    ? change('breaking', `columns.${name}`, 'is new and required: files without it are rejected')
    : change('additive', `columns.${name}`, 'is new and optional');
}

function compareColumn(old: ContractColumn, next: ContractColumn): ContractChange[] {
  const at = (field: string): string => `columns.${next.name}.${field}`;
  const changes: ContractChange[] = [];
  if (typeText(old.type) !== typeText(next.type)) {
    changes.push(change('breaking', at('type'), `was ${typeText(old.type)}, is ${typeText(next.type)}`));
  }
  if (old.required !== next.required) {
    const effect = next.required
      ? 'is now required: files without it are rejected'
      : 'may now be empty: readers were promised a value';
    changes.push(change('breaking', at('required'), effect));
  }
  changes.push(
    ...compareSpelling(old, next),
    ...compareTimezones(old, next),
    ...compareProtection(old, next),
  );
  for (const field of ['classification', 'description', 'checks', 'knownPii'] as const) {
    if (canonicalJson(old[field] ?? null) === canonicalJson(next[field] ?? null)) continue;
    const message = field === 'classification' ? `was ${old[field]}, is ${next[field]}` : 'changed';
    changes.push(change('neutral', at(field), message));
  }
  return changes;
}

/** Compares what a source may write: more is neutral, less rejects files once valid. */
function compareSpelling(old: ContractColumn, next: ContractColumn): ContractChange[] {
  const at = (field: string): string => `columns.${next.name}.${field}`;
  const iso = (formats: readonly string[]): readonly string[] =>
    formats.length === 0 ? ['ISO 8601'] : formats;
  const { symbols: oldSymbols, minus: oldMinus = [], ...oldNumber } = old.number;
  const { symbols, minus = [], ...number } = next.number;
  return [
    ...compareLists(at('headers'), old.headers.map(normaliseHeader), next.headers.map(normaliseHeader)),
    ...comparePlaces(at('path'), old, next),
    ...compareLists(at('formats'), iso(old.formats), iso(next.formats)),
    ...compareLists(at('nullValues'), old.nullValues ?? [], next.nullValues ?? []),
    ...compareLists(at('number.symbols'), oldSymbols, symbols),
    ...compareLists(at('number.minus'), oldMinus, minus),
    ...(canonicalJson(oldNumber) === canonicalJson(number) ? [] : [compareNumbers(at('number'), old, next)]),
  ];
}

/** Compares where a value stands in a record of JSON; of CSV both are the column's name. */
function comparePlaces(path: string, old: ContractColumn, next: ContractColumn): ContractChange[] {
  const places = (column: ContractColumn): string[] => [columnPointer(column), ...(column.otherPaths ?? [])];
  const [was, is] = [places(old), places(next)];
  if (was.join(' ') === is.join(' ')) return [];
  // One place more reads what was read before, and what was not.
  const isMore = was.every((place) => is.includes(place));
  const shown = (all: readonly string[]): string => all.join(', ');
  return [change(isMore ? 'neutral' : 'breaking', path, `was ${shown(was)}, is ${shown(is)}`)];
}

function compareLists(path: string, old: readonly string[], next: readonly string[]): ContractChange[] {
  const gone = old.filter((item) => !next.includes(item));
  const added = next.filter((item) => !old.includes(item));
  if (gone.length > 0) return [change('breaking', path, `no longer has ${gone.join(', ')}`)];
  return added.length > 0 ? [change('neutral', path, `also has ${added.join(', ')}`)] : [];
}

function compareNumbers(
  path: string,
  { number: old }: ContractColumn,
  { number: next }: ContractColumn,
): ContractChange {
  const isMore = (was: boolean | undefined, is: boolean | undefined): boolean => was !== true || is === true;
  const onlyMore =
    old.decimal === next.decimal &&
    (old.group === undefined || (old.group === next.group && old.grouping === next.grouping)) &&
    (old.symbolsAt === next.symbolsAt || next.symbolsAt === 'either' || old.symbols.length === 0) &&
    isMore(old.trailingSign, next.trailingSign) &&
    isMore(old.exponent, next.exponent) &&
    isMore(old.parentheses, next.parentheses);
  return onlyMore
    ? change('neutral', path, 'accepts more spellings')
    : change('breaking', path, 'reads or refuses some numbers otherwise');
}

function compareSources(old: SourceContract, next: SourceContract): ContractChange[] {
  const changes: ContractChange[] = [];
  if (old.unknownColumns !== next.unknownColumns) {
    const message = `was ${old.unknownColumns}, is ${next.unknownColumns}`;
    const takesAway = old.unknownColumns === 'rescue' || next.unknownColumns === 'reject';
    const otherwise = next.unknownColumns === 'rescue' ? 'additive' : 'neutral';
    changes.push(change(takesAway ? 'breaking' : otherwise, 'unknownColumns', message));
  }
  changes.push(...compareDialects(old.csv, next.csv), ...compareHeaders(old.csv, next.csv));
  changes.push(...compareSubjects(old, next), ...compareEvents(old, next));
  for (const field of [
    'encodings',
    'nullValues',
    'totalRowColumn',
    'footerLines',
    'footerPattern',
  ] as const) {
    if (canonicalJson(old.csv[field] ?? null) !== canonicalJson(next.csv[field] ?? null)) {
      changes.push(change('neutral', `csv.${field}`, 'changed'));
    }
  }
  for (const field of ['duplicates', 'redelivery', 'measures', 'limits'] as const) {
    if (canonicalJson(old[field] ?? null) !== canonicalJson(next[field] ?? null))
      changes.push(change('neutral', field, 'changed'));
  }
  return changes;
}

/** Which event stays depends on what is an event's id; whether versions have holes decides nothing. */
function compareEvents({ events: old }: SourceContract, { events: next }: SourceContract): ContractChange[] {
  if (canonicalJson(old ?? null) === canonicalJson(next ?? null)) return [];
  const names = (events: EventColumns | undefined): string =>
    events === undefined
      ? 'absent'
      : (['stream', 'type', 'at', 'version', 'id'] as const)
          .map((part) => `${part} ${events[part]}`)
          .join(', ');
  const [was, is] = [names(old), names(next)];
  if (was !== is) return [change('breaking', 'events', `was ${was}, is ${is}`)];
  return [change('neutral', 'events', 'says otherwise whether versions have holes')];
}

/** Compares CSV dialects. Reading the same bytes differently is breaking; only accepting more is not. */
function compareDialects(old: CsvDialect, next: CsvDialect): ContractChange[] {
  const reads = [
    'format',
    'envelope',
    'delimiter',
    'quote',
    'escape',
    'escapes',
    'skipSpaces',
    'skipLines',
    'sheet',
  ] as const;
  const accepts = ['strayQuotes', 'extraFields', 'repeatedHeader'] as const;
  const shown = (value: unknown): string =>
    value === undefined ? 'absent' : value === '' ? 'none' : String(value);
  return [...reads, ...accepts].flatMap((field) => {
    const [was, is] = [old[field], next[field]];
    const isMore = accepts.some((name) => name === field) && was === undefined;
    const message = `was ${shown(was)}, is ${shown(is)}`;
    return was === is ? [] : [change(isMore ? 'neutral' : 'breaking', `csv.${field}`, message)];
  });
}

/** Where the names of a file's columns stand. */
function compareHeaders(old: CsvDialect, next: CsvDialect): ContractChange[] {
  const [was, is] = [old.preambleLines ?? 0, next.preambleLines ?? 0];
  const lines =
    was === is
      ? []
      : [change(is < was ? 'breaking' : 'neutral', 'csv.preambleLines', `was ${was}, is ${is}`)];
  if (canonicalJson(old.columns ?? null) === canonicalJson(next.columns ?? null)) return lines;
  const textOf = ({ columns }: CsvDialect): string => columns?.join(', ') ?? 'those of the header';
  return [...lines, change('breaking', 'csv.columns', `were ${textOf(old)}, are ${textOf(next)}`)];
}

function compareRest(old: Contract, next: Contract): ContractChange[] {
  const [a, b]: Record<string, unknown>[] = [{ ...old }, { ...next }];
  const fields = [
    'owner',
    'description',
    'rules',
    'sla',
    'retention',
    'sql',
    'inputs',
    'affects',
    'carry',
    'purpose',
    'consent',
    'snapshots',
    'tend',
    'deprecated',
    'product',
  ];
  return fields
    .filter((field) => canonicalJson(a?.[field] ?? null) !== canonicalJson(b?.[field] ?? null))
    .map((field) => change('neutral', field, 'changed'));
}

function compareVersions(old: Contract, next: Contract, changed: boolean): ContractChange[] {
  const order = old.version.localeCompare(next.version, 'en', { numeric: true });
  if (order > 0) return [change('breaking', 'version', `went back from ${old.version} to ${next.version}`)];
  return order === 0 && changed
    ? [change('neutral', 'version', `is still ${next.version}, though the contract changed; raise it`)]
    : [];
}
