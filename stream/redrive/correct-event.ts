import { Buffer } from 'node:buffer';
import type { ContractColumn, SourceContract } from '../../etl/contract/contract.ts';
import { columnPointer, pointerSteps } from '../../etl/jsonl/pointer.ts';
import type { Header, ObservedEvent } from '../event.ts';
import { textAtPlace, withTextAt } from './json-place.ts';

/** Values that people corrected, by column; null is no value. */
export type Corrections = Readonly<Record<string, string | null>>;

/** The event with corrected values in the places that the contract's columns read; or why one can't be put there. */
export function correctEvent(
  event: ObservedEvent,
  corrections: Corrections,
  { columns }: Pick<SourceContract, 'columns'>,
): ObservedEvent | { readonly why: string } {
  let corrected = event;
  for (const [name, value] of Object.entries(corrections)) {
    const column = columns.find((one) => one.name === name);
    if (column === undefined) return { why: `the contract has no column ${name} any more` };
    const next = correctOne(corrected, column, value);
    if (next === undefined)
      return {
        why: `the correction of ${name} can't be put where the event has it (${columnPointer(column)})`,
      };
    corrected = next;
  }
  return corrected;
}

function correctOne(
  event: ObservedEvent,
  column: ContractColumn,
  value: string | null,
): ObservedEvent | undefined {
  const [root, ...steps] = pointerSteps(columnPointer(column)) ?? [];
  const [name, ...deeper] = steps;
  if (root === 'key' && name === undefined)
    return { ...event, key: value === null ? null : Buffer.from(value) };
  if (root === 'headers' && name !== undefined && deeper.length === 0)
    return { ...event, headers: withHeader(event.headers, name, value) };
  if (root !== 'value' || event.value === null) return undefined;
  const json = jsonOf(event.value);
  const text = json && withTextAt(json, steps, typedText(column, value, textAtPlace(json, steps)));
  if (text === undefined) return undefined;
  const headers = deeper.length === 0 ? inHeaders(event.headers, `ce_${name}`, value) : event.headers;
  return { ...event, headers, value: Buffer.from(text) };
}

/** An attribute of a CloudEvent in the binary form stands in a header as well. */
const inHeaders = (headers: readonly Header[], name: string, value: string | null): readonly Header[] =>
  headers.map((header) =>
    header.name.toLowerCase() === name
      ? { ...header, value: value === null ? null : Buffer.from(value) }
      : header,
  );

function jsonOf(value: Uint8Array): string | undefined {
  const text = Buffer.from(value).toString('utf8');
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

/** The headers with one value under a name, in the place of all that were; null leaves none. */
export const withHeader = (headers: readonly Header[], name: string, value: string | null): Header[] => [
  ...headers.filter((header) => header.name !== name),
  ...(value === null ? [] : [{ name, value: Buffer.from(value) }]),
];

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'decimal']);

/** A corrected value as JSON: of the kind that stood there, else of the column's type. */
function typedText({ type }: ContractColumn, value: string | null, before: string | undefined): string {
  if (value === null) return 'null';
  const wasText = before?.startsWith('"') === true;
  if (NUMBERS.has(type.kind) && NUMBER.test(value) && !wasText) return value;
  if (type.kind === 'boolean' && /^(true|false)$/.test(value) && !wasText) return value;
  if (before !== undefined && /^[{[]/.test(before) && jsonOf(Buffer.from(value)) !== undefined) return value;
  return JSON.stringify(value);
}
