import { Buffer } from 'node:buffer';
import type { SourceContract } from '../contract/contract.ts';
import { columnPointer, pointerSteps } from './pointer.ts';

/** What is wanted of JSON records: which value goes into which slot, and what becomes of the others. */
export interface JsonShape {
  readonly pointers: readonly string[];
  /** By slot: whether numbers are handed on with a decimal comma, since the contract reads the column's texts so. */
  readonly commas: readonly boolean[];
  /** Whether unknown members are handed on; else only that there are some. */
  readonly keepsUnknown: boolean;
}

/** What is wanted of the records of a contract: a slot a column. */
export function jsonShape({ columns, unknownColumns }: SourceContract): JsonShape {
  return {
    pointers: columns.map(columnPointer),
    commas: columns.map(({ type, number }) => NUMBERS.has(type.kind) && number.decimal === ','),
    keepsUnknown: unknownColumns !== 'ignore',
  };
}

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'decimal']);

/** A place in a record to which a pointer leads, or through which one does. */
export interface JsonNode {
  /** The slot of its value; NO_SLOT where only what is in it is wanted. */
  slot: number;
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

/** The record itself, with all places that the pointers lead to; the n-th pointer's value goes into slot n. */
export function jsonTree(pointers: readonly string[]): JsonNode {
  const root = newNode();
  for (const [slot, pointer] of pointers.entries()) {
    let node = root;
    for (const step of pointerSteps(pointer) ?? []) node = nodeBelow(node, step);
    node.slot = slot;
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
  names: [],
  nodes: [],
  byName: new Map(),
  expected: 0,
  seen: 0,
});
