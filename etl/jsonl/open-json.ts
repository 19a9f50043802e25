import { RESCUED_NAME } from '../contract/check-columns.ts';
import type { SourceContract } from '../contract/contract.ts';
import type { Layout } from '../csv/layout.ts';
import type { Opened, Unopened } from '../csv/opened.ts';
import { recordFormat } from '../csv/record-format.ts';
import { ByteWindow } from '../csv/window.ts';
import { jsonShape } from './shape.ts';

/** Opens a text of JSON Lines at its first line. It has no header: a contract says where its values stand. */
export async function openJson(
  bytes: AsyncIterable<Uint8Array>,
  contract: SourceContract,
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
  const layout = jsonLayout(contract);
  const { csv, limits } = contract;
  const format = {
    ...recordFormat(csv, layout.fields, limits.maxRecordBytes),
    encodings: csv.encodings,
    newline: layout.newline,
    plain: { delimiter: csv.delimiter, quote: csv.quote },
    json: jsonShape(contract),
  };
  return { kind: 'open', window, layout, format, first: { row: 1, line: 1 } };
}

/** A field a column, in contract order, and behind them one with the members that the contract doesn't know. */
function jsonLayout({ columns }: SourceContract): Layout {
  return {
    fields: columns.length + 1,
    columns: columns.map((_, index) => index),
    unknown: [],
    newline: '\n',
    rescued: columns.length,
  };
}

/** The contract by which the header of records from quarantine is read: unknown members of JSON have a column there. */
export function acceptingRescued(contract: SourceContract): SourceContract {
  const isRefused = contract.csv.format === 'jsonl' && contract.unknownColumns === 'reject';
  return isRefused ? { ...contract, unknownColumns: 'rescue' } : contract;
}

/** The layout of records from quarantine, in which unknown members of JSON are one field. */
export function withRescued(layout: Layout, { csv }: SourceContract): Layout {
  const found = layout.unknown.find(({ name }) => name === RESCUED_NAME);
  if (found === undefined || csv.format !== 'jsonl') return layout;
  return { ...layout, unknown: layout.unknown.filter((one) => one !== found), rescued: found.field };
}
