import { GATES_NAME, RESCUED_NAME } from '../contract/check-columns.ts';
import type { SourceContract } from '../contract/contract.ts';
import type { Layout } from '../csv/layout.ts';
import type { Opened, Unopened } from '../csv/opened.ts';
import { recordFormat } from '../csv/record-format.ts';
import { ByteWindow } from '../csv/window.ts';
import { type JsonShape, jsonShape } from './shape.ts';

/**
 * Opens a text of JSON Lines at its first line. It has no header: a contract says where its values stand. `isEvents` where
 * each line is an event that landed.
 */
export async function openJson(
  bytes: AsyncIterable<Uint8Array>,
  contract: SourceContract,
  isEvents: boolean,
): Promise<Opened | Unopened> {
  const window = new ByteWindow(bytes);
  try {
    while (!window.final && window.limit === 0) await window.fill();
  } catch (error) {
    await window.close();
    throw error;
  }
  if (window.limit === 0) {
    await window.close();
    return { kind: 'empty' };
  }
  const json = jsonShape(contract, isEvents);
  const layout = jsonLayout(contract, json);
  const { csv, limits } = contract;
  const format = {
    ...recordFormat(csv, layout.fields, limits.maxRecordBytes),
    encodings: csv.encodings,
    newline: layout.newline,
    plain: { delimiter: csv.delimiter, quote: csv.quote },
    json,
  };
  return { kind: 'open', window, layout, format, first: { row: 1, line: 1 } };
}

/** A field a slot, columns in contract order first, and behind them one with the members that the contract doesn't know. */
function jsonLayout({ columns }: SourceContract, { commas, gates }: JsonShape): Layout {
  return {
    fields: commas.length + 1,
    columns: columns.map((_, index) => index),
    unknown: [],
    newline: '\n',
    rescued: commas.length,
    ...(gates === undefined ? {} : { gates }),
  };
}

/** The contract by which the header of records from quarantine is read: unknown members of JSON have a column there. */
export function acceptingRescued(contract: SourceContract): SourceContract {
  const isRefused = contract.csv.format === 'jsonl' && contract.unknownColumns === 'reject';
  return isRefused ? { ...contract, unknownColumns: 'rescue' } : contract;
}

/** The layout of records that were JSON: unknown members are one field, and what failed at gates is another. */
export function withOwnFields(layout: Layout, { csv }: SourceContract): Layout {
  if (csv.format !== 'jsonl') return layout;
  const fieldOf = (wanted: string): number | undefined =>
    layout.unknown.find(({ name }) => name === wanted)?.field;
  const [rescued, gates] = [fieldOf(RESCUED_NAME), fieldOf(GATES_NAME)];
  return {
    ...layout,
    unknown: layout.unknown.filter(({ field }) => field !== rescued && field !== gates),
    ...(rescued === undefined ? {} : { rescued }),
    ...(gates === undefined ? {} : { gates }),
  };
}
