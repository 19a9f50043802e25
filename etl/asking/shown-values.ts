import type { ProjectionContract } from '../contract/contract.ts';
import type { FoldedRow } from '../projecting/fold-runner.ts';
import { readStateJson } from '../projecting/state-json.ts';
import type { AnswerRow, JsonValue } from './stream-answer.ts';

/** A state as JSON has it: whole numbers that JavaScript holds exactly are numbers, greater ones text. */
export const shownState = (state: string): JsonValue => jsonOf(readStateJson(state));

/** Rows of a stream by the columns of their projection: what the code left out has no value, and the stream is the first of the key. */
export function shownRows(
  { columns, key }: ProjectionContract,
  stream: string,
  rows: readonly FoldedRow[],
): AnswerRow[] {
  const named = columns.find(({ name }) => name === key[0]);
  const isNumber = named?.type.kind === 'int' || named?.type.kind === 'long';
  const own = { [key[0] ?? '']: isNumber ? BigInt(stream) : stream };
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name }) => [name, jsonOf(row[name] ?? own[name] ?? null)])),
  );
}

/** The same rows, each as the text of its JSON. */
export const jsonRows = (
  contract: ProjectionContract,
  stream: string,
  rows: readonly FoldedRow[],
): string[] => shownRows(contract, stream, rows).map((row) => JSON.stringify(row));

/** A value of the code's, as JSON has it. */
function jsonOf(value: unknown): JsonValue {
  if (typeof value === 'bigint') {
    const isSafe = Number.isSafeInteger(Number(value));
    return isSafe ? Number(value) : String(value);
  }
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value === null || value === undefined) return null;
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, jsonOf(one)]));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
