import type { ContractColumn, SourceContract } from '../../etl/contract/contract.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import type { Row } from '../stages/read-rows.ts';
import { type Compared, type FoundRows, foundIn } from './expected.ts';
import { openEnvelope } from './open-envelope.ts';
import { readValue } from './read-value.ts';

/** Rows of a protected dataset in the form in which the oracle describes what it expects of a clear one, whose contract is given. */
export async function foundSealed(rows: FoundRows, vault: Vault): Promise<Compared> {
  const { contract } = rows;
  const all = <T>(of: readonly Row[], open: (row: Row) => Promise<T>): Promise<T[]> =>
    Promise.all(of.map(open));
  return foundIn({
    contract,
    silver: await all(rows.silver, (row) => opened(row, contract, vault)),
    quarantined: await all(rows.quarantined, (row) => openedReject(row, vault)),
    condemned: await all(rows.condemned, (row) => openedReject(row, vault)),
  });
}

/** A sealed value of Silver, opened and read by the oracle. */
async function readSealed(
  cell: unknown,
  column: ContractColumn,
  zone: string | null,
  vault: Vault,
): Promise<unknown> {
  const text = typeof cell === 'string' ? await openEnvelope(cell, vault) : undefined;
  if (text === undefined) return cell;
  const reading = readValue(trimmed(text), column, zone);
  return reading.kind === 'value' ? reading.value : reading;
}

const trimmed = (text: string): string => text.replace(/^[ \t\r\n\u00a0]+|[ \t\r\n\u00a0]+$/g, '');

async function opened(row: Row, contract: SourceContract, vault: Vault): Promise<Row> {
  const zone = typeof row.zone === 'string' ? trimmed((await openEnvelope(row.zone, vault)) ?? '') : null;
  const values: Record<string, unknown> = { ...row };
  for (const column of contract.columns)
    values[column.name] = await readSealed(row[column.name], column, zone, vault);
  return values as Row;
}

/** A reject with what it came as. */
async function openedReject(row: Row, vault: Vault): Promise<Row> {
  if (typeof row.raw_text === 'string') {
    const text = (await openEnvelope(row.raw_text, vault)) ?? row.raw_text;
    return { ...row, raw_text: text.replace(/\n… \(SHA-256 of the whole record: [0-9a-f]{64}\)$/, '') };
  }
  const record = JSON.parse(String(row.record)) as Record<string, string | null>;
  for (const [name, cell] of Object.entries(record))
    if (cell !== null) record[name] = (await openEnvelope(cell, vault)) ?? cell;
  return { ...row, record: JSON.stringify(record) };
}

/** Lines without hashes, which are of envelopes, and without physical lines, which are Bronze's. */
export const alike = (lines: Compared): Compared =>
  Object.fromEntries(
    Object.entries(lines).map(([n, line]) => [
      n,
      line.replace(/^(\w+) [0-9a-f]{12} /, '$1 ').replace(/\] line \d+: /, '] '),
    ]),
  );
