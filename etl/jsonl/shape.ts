import { Buffer } from 'node:buffer';
import type { SourceContract } from '../contract/contract.ts';
import { type ChangedRow, changedRow } from './changed-row.ts';
import { columnPointer, pointerSteps } from './pointer.ts';

/** What is wanted of JSON records: which value goes into which slot, and what becomes of the others. */
export interface JsonShape {
  readonly pointers: readonly string[];
  /** Set where a record is a change of a row: slots that are no fields are behind those that are. */
  readonly row?: ChangedRow;
  /** By field that may stand elsewhere: the slots to look into, the first with a value counts. */
  readonly others?: ReadonlyMap<number, readonly number[]>;
  /** By field, which has the slot of its number: whether numbers are handed on with a decimal comma, since the contract reads the column's texts so. */
  readonly commas: readonly boolean[];
  /** Whether unknown members are handed on; else only that there are some. */
  readonly keepsUnknown: boolean;
  /** Places whose values are known, and wanted by nobody. */
  readonly passed?: readonly string[];
  /** Of events: the slot of the reasons for which one failed at gates. */
  readonly gates?: number;
}

/** Where a landed event has the reasons for which it failed at gates other than its contract. */
export const GATES_MEMBER = 'failed';
const GATES_POINTER = `/${GATES_MEMBER}`;

/** What is wanted of the records of a contract: a slot a column. Of events, also what failed at gates. */
export function jsonShape({ columns, unknownColumns, csv }: SourceContract, isEvents = false): JsonShape {
  const pointers = columns.map(columnPointer);
  const commas = columns.map(({ type, number }) => NUMBERS.has(type.kind) && number.decimal === ',');
  const keepsUnknown = unknownColumns !== 'ignore';
  const placed = (all: readonly string[]) =>
    csv.envelope === 'debezium' ? changedRow(all) : withOthers(all, columns);
  if (!isEvents) return { ...placed(pointers), commas, keepsUnknown };
  return {
    ...placed([...pointers, GATES_POINTER]),
    commas: [...commas, false],
    keepsUnknown,
    passed: unknownColumns === 'reject' ? AROUND_PAYLOADS : [],
    gates: pointers.length,
  };
}

/** The pointers with those of other places behind them, and which fields those are for. */
function withOthers(
  pointers: readonly string[],
  columns: SourceContract['columns'],
): Pick<JsonShape, 'pointers' | 'others'> {
  const all = [...pointers];
  const others = new Map(
    columns.flatMap(({ otherPaths = [] }, field) =>
      otherPaths.length === 0 ? [] : [[field, otherPaths.map((path) => all.push(path) - 1)] as const],
    ),
  );
  return others.size === 0 ? { pointers } : { pointers: all, others };
}

/** What stands around an event's payload, put there by the broker, the enforcer or the envelope: no contract need know it. */
const AROUND_PAYLOADS: readonly string[] = [
  ...['cluster', 'topicId', 'topic', 'partition', 'offset', 'timestamp', 'key', 'headers', 'valueBase64'],
  ...['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'dataschema'].map(
    (name) => `value/${name}`,
  ),
  ...['traceparent', 'tracestate', 'partitionkey', 'sequence'].map((name) => `value/${name}`),
].map((place) => `/${place}`);

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'decimal']);

/** A place in a record to which a pointer leads, or through which one does. */
export interface JsonNode {
  /** The slot of its value; NO_SLOT where only what is in it is wanted. */
  slot: number;
  /** A second slot of its value, where a column reads what failed at gates; else NO_SLOT. */
  also: number;
  /** Whether it is known whatever lies in it, although it may be in no slot. */
  isPassed: boolean;
  /** The names of `nodes`, as UTF-8. */
  readonly names: Uint8Array[];
  readonly nodes: JsonNode[];
  /** The same by name. */
  readonly byName: Map<string, JsonNode>;
  /** Which of `nodes` comes next where a record is like the one before it. */
  expected: number;
  /** The last record that has it. */
  seen: number;
}

/** Of a node whose value is in no slot. */
export const NO_SLOT = -1;

/**
 * The record itself, with all places that the pointers lead to; the n-th pointer's value goes into slot n, and those of
 * `passed` are known.
 */
export function jsonTree({ pointers, passed = [] }: Pick<JsonShape, 'pointers' | 'passed'>): JsonNode {
  const root = newNode();
  for (const [slot, pointer] of pointers.entries()) {
    let node = root;
    for (const step of pointerSteps(pointer) ?? []) node = nodeBelow(node, step);
    if (node.slot === NO_SLOT) node.slot = slot;
    else node.also = slot;
  }
  for (const pointer of passed) {
    let node = root;
    for (const step of pointerSteps(pointer) ?? []) node = nodeBelow(node, step);
    node.isPassed = true;
  }
  return root;
}

function nodeBelow(node: JsonNode, name: string): JsonNode {
  const known = node.byName.get(name);
  if (known !== undefined) return known;
  const added = newNode();
  node.byName.set(name, added);
  node.names.push(Buffer.from(name));
  node.nodes.push(added);
  return added;
}

const newNode = (): JsonNode => ({
  slot: NO_SLOT,
  also: NO_SLOT,
  isPassed: false,
  names: [],
  nodes: [],
  byName: new Map(),
  expected: 0,
  seen: 0,
});
