import { CellSealer } from './cell-sealer.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import type { Sodium } from './sodium.ts';
import type { ProtectedColumn, Vault } from './vault.ts';

/** What a protected cell says once it was tried to be opened. */
export type OpenedCell =
  | { readonly kind: 'clear'; readonly text: string }
  /** An envelope whose keys were destroyed, or that had no value. */
  | { readonly kind: 'gone' }
  /** Looks like an envelope, and is not as it was sealed: its keys are there, and it doesn't open. */
  | { readonly kind: 'tampered' }
  /** No envelope. */
  | { readonly kind: 'plain' };

/** What cells are opened with. */
export interface OpenerParts {
  readonly vault: Vault;
  readonly sodium: Sodium;
  /** Data groups that may be seen; all unless said. */
  readonly groups?: ReadonlySet<string>;
}

/** Opens cells, batch by batch, in order. The vault is asked once a batch. Not to be kept longer than one file or query. */
export type CellOpener = (cells: readonly string[]) => Promise<readonly OpenedCell[]>;

/** What opens envelopes, of whatever dataset and column. */
export function openCells(parts: OpenerParts): CellOpener {
  const sealer = new CellSealer(parts.sodium);
  return async (cells) => {
    const open = await keyedCells(parts, cells, sealer);
    return cells.map((_, n) => open(n));
  };
}

/**
 * Gets the keys of all cells from the vault at once; what it returns opens the n-th, so that not all of their texts need be
 * in memory at one time.
 */
export async function keyedCells(
  { vault, sodium, groups }: OpenerParts,
  cells: readonly string[],
  sealer = new CellSealer(sodium),
): Promise<(n: number) => OpenedCell> {
  const columns = await vault.columns();
  const envelopes = cells.map(readEnvelope);
  const wanted = envelopes.map((envelope) => {
    const column = envelope === undefined ? undefined : columns.get(envelope.column);
    return column !== undefined && (groups === undefined || groups.has(column.group)) ? column : undefined;
  });
  const secrets = await secretsOf(vault, envelopes, wanted);
  return (n) => {
    const envelope = envelopes[n];
    if (envelope === undefined) return { kind: 'plain' };
    const [column, both] = [wanted[n], secrets(n)];
    if (column === undefined || both === undefined || envelope.payload === '') return { kind: 'gone' };
    const text = sealer.open(envelope, column.group, both);
    return text === undefined ? { kind: 'tampered' } : { kind: 'clear', text };
  };
}

/** The secrets of each cell; undefined where one of the two is missing. Each is asked for once. */
async function secretsOf(
  vault: Vault,
  envelopes: readonly (Envelope | undefined)[],
  columns: readonly (ProtectedColumn | undefined)[],
): Promise<(n: number) => { subjectKey: Uint8Array; periodKey: Uint8Array } | undefined> {
  const subjects = new Map<string, { reference: string; group: string }>();
  const periods = new Map<string, { dataset: string; group: string; period: string }>();
  const names = envelopes.map((envelope, n) => {
    const column = columns[n];
    if (envelope === undefined || column === undefined) return undefined;
    const [subject, period] = [
      `${envelope.subject} ${column.group}`,
      JSON.stringify([envelope.period, column.dataset, column.group]),
    ];
    subjects.set(subject, { reference: envelope.subject, group: column.group });
    periods.set(period, { dataset: column.dataset, group: column.group, period: envelope.period });
    return { subject, period };
  });
  const subjectKeys = await byName(subjects, (asked) => vault.subjectKeys(asked));
  const periodKeys = await byName(periods, (asked) => vault.periodKeys(asked, 'leave'));
  return (n) => {
    const name = names[n];
    const [subjectKey, periodKey] = [
      subjectKeys.get(name?.subject ?? ''),
      periodKeys.get(name?.period ?? ''),
    ];
    return subjectKey === undefined || periodKey === undefined ? undefined : { subjectKey, periodKey };
  };
}

async function byName<T>(
  asked: ReadonlyMap<string, T>,
  ask: (asked: readonly T[]) => Promise<readonly (Uint8Array | undefined)[]>,
): Promise<ReadonlyMap<string, Uint8Array | undefined>> {
  const keys = await ask([...asked.values()]);
  return new Map([...asked.keys()].map((name, n) => [name, keys[n]]));
}
