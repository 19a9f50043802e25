import { z } from 'zod';
import type { EventColumns } from './contract.ts';
import type { AssayProperty, CustomValue, CustomValues } from './custom-properties.ts';
import { flag, isMap, readFields, refuseUnknown, text } from './fields.ts';
import { didYouMean } from './nearest.ts';
import type { Path, Problems } from './problems.ts';
import type { ColumnDraft } from './read-column.ts';

/** Names of the columns of an event, by what they say. */
const PARTS = ['stream', 'type', 'at', 'version', 'id'] as const;
type Part = (typeof PARTS)[number];

const column = (what: string): z.ZodType<string> => text(`write the column ${what}`);

const EVENTS = {
  stream: column('that names the stream, e.g. order_id'),
  type: column('that says what happened, e.g. event_type'),
  at: column('that says when it happened, e.g. happened_at'),
  version: z.unknown().optional(),
  id: column("that is the event's own id, e.g. event_id"),
} as const;

const VERSION = {
  column: column('that orders the events of a stream, e.g. version'),
  contiguous: flag.optional(),
} as const;

/** Types that each of the columns may have, as contracts write them. */
const TYPES: Readonly<Record<Part, { readonly kinds: readonly string[]; readonly words: string }>> = {
  stream: { kinds: ['string', 'int', 'long'], words: 'a string or integer' },
  type: { kinds: ['string'], words: 'a string' },
  at: { kinds: ['timestamptz', 'date'], words: 'a timestamp or date' },
  version: { kinds: ['int', 'long'], words: 'an integer' },
  id: { kinds: ['string', 'int', 'long'], words: 'a string or integer' },
};

/**
 * Reads `assay.events`; undefined where it isn't given, or columns aren't named. Problems are columns that aren't there,
 * that may be empty or have types that don't fit, and settings that events decide themselves.
 */
export function readEvents(
  custom: CustomValues,
  drafts: readonly ColumnDraft[],
  problems: Problems,
): EventColumns | undefined {
  const given = custom.get('assay.events');
  if (given === undefined) return undefined;
  const events = readNames(given, problems);
  refuseOthers(custom, events, problems);
  if (events === undefined) return undefined;
  for (const part of PARTS) checkColumn(part, events, { drafts, path: placeOf(given, part), problems });
  checkDistinct(events, given, problems);
  return events;
}

function readNames({ value, path }: CustomValue, problems: Problems): EventColumns | undefined {
  const hint = `write ${PARTS.join(', ')}`;
  refuseUnknown(value, PARTS, path, { problems, hint });
  const { stream, type, at, id } = readFields(EVENTS, value, path, problems);
  if (!isMap(value)) return undefined;
  const said = readVersion(value.version, [...path, 'version'], problems);
  if ([stream, type, at, id, said].includes(undefined)) return undefined;
  if (!stream || !type || !at || !id || said === undefined) return undefined;
  return { stream, type, at, version: said.column, id, contiguous: said.contiguous };
}

/** `version: name`, or `{column: name, contiguous: false}` where numbers have holes by nature. */
function readVersion(
  value: unknown,
  path: Path,
  problems: Problems,
): { readonly column: string; readonly contiguous: boolean } | undefined {
  const whole = isMap(value) ? value : { column: value };
  refuseUnknown(whole, Object.keys(VERSION), path, { problems, hint: 'write column and contiguous' });
  const at: Problems = isMap(value)
    ? problems
    : { list: problems.list, add: (_, message) => problems.add(path, message) };
  const { column: name, contiguous = true } = readFields(VERSION, whole, path, at);
  return name === undefined ? undefined : { column: name, contiguous };
}

const placeOf = ({ value, path }: CustomValue, part: Part): Path =>
  part === 'version' && isMap(value) && isMap(value.version) ? [...path, part, 'column'] : [...path, part];

interface Checking {
  readonly drafts: readonly ColumnDraft[];
  readonly path: Path;
  readonly problems: Problems;
}

function checkColumn(part: Part, events: EventColumns, { drafts, path, problems }: Checking): void {
  const name = events[part];
  const draft = drafts.find((one) => one.column.name === name);
  if (draft === undefined) {
    const near = didYouMean(
      name,
      drafts.map((one) => one.column.name),
    );
    problems.add(path, `is '${name}', which is no column of this contract; write one${near}`);
    return;
  }
  const { kinds, words } = TYPES[part];
  if (draft.type !== undefined && !kinds.includes(draft.type.kind))
    problems.add(path, `is ${name}, a ${draft.type.kind}; write ${words} column`);
  if (!draft.column.required)
    problems.add(path, `is ${name}, which may be empty; write required: true on it: every event has it`);
  const protection = draft.column.protect?.as;
  if (
    protection !== undefined &&
    protection !== 'clear' &&
    !(part === 'stream' && protection === 'pseudonym')
  )
    problems.add(
      path,
      `is ${name}, which is ${protection}; ${part === 'stream' ? 'write a column that is clear or a pseudonym' : 'write a clear column'}: events are ordered and compared by it`,
    );
}

/**
 * Each says something of its own. Only `type` may be another's column, and the version the id, where it is the number of
 * the event in a log.
 */
function checkDistinct(events: EventColumns, given: CustomValue, problems: Problems): void {
  const parts = PARTS.filter((part) => part !== 'type');
  for (const [n, part] of parts.entries()) {
    const isNumbered = part === 'id' && events.id === events.version;
    const other = isNumbered ? undefined : parts.slice(0, n).find((one) => events[one] === events[part]);
    if (other !== undefined)
      problems.add(
        placeOf(given, part),
        `is ${events[part]}, which is ${other}, too; write a column of its own`,
      );
  }
}

const DECIDED: readonly (readonly [AssayProperty, string])[] = [
  ['assay.duplicates', 'of two events with one stream and version the one with the smaller id stays'],
  ['assay.redelivery', 'an event that comes again is a repeat'],
  ['assay.key', 'the key is stream and version'],
];

function refuseOthers(custom: CustomValues, events: EventColumns | undefined, problems: Problems): void {
  for (const [name, why] of DECIDED) {
    const other = custom.get(name);
    if (other !== undefined)
      problems.add(other.path, `says what assay.events decides: ${why}; remove ${name}`);
  }
  const partition = custom.get('assay.partitionColumn');
  if (partition !== undefined && events !== undefined && partition.value !== events.at)
    problems.add(
      partition.path,
      `is ${String(partition.value)}, but events are kept by the month of ${events.at}; remove it`,
    );
}

/** The key of an event dataset, which is stream and version in that order; where columns say otherwise, a problem. */
export function checkEventKey(
  key: readonly string[],
  { stream, version }: EventColumns,
  { path, problems }: { readonly path: Path; readonly problems: Problems },
): readonly string[] {
  const own = [stream, version];
  if (key.length !== own.length || !own.every((name) => key.includes(name)))
    problems.add(
      [...path, 'properties'],
      `have the key ${key.join(', ')}, but that of events is ${own.join(', ')}; write primaryKey: true on those two, or on none`,
    );
  return own;
}

/** The column whose month partitions an event store; undefined of other datasets. `readEvents` checks it. */
export function atOfEvents(custom: CustomValues): string | undefined {
  const value = custom.get('assay.events')?.value;
  if (value === undefined) return undefined;
  return isMap(value) && typeof value.at === 'string' ? value.at : '';
}
