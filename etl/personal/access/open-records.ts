import type { SqlValue } from '../../engine/engine.ts';
import type { Effects } from '../../ports.ts';
import { readEnvelope } from '../../privacy/envelope.ts';
import { openCells } from '../../privacy/open-cells.ts';
import { Sodium } from '../../privacy/sodium.ts';
import type { StoredRecord } from '../find-records.ts';
import { vaultOf } from '../vault-of.ts';

/** What an envelope looks like, wherever it stands. */
const ENVELOPE = /~1\.[a-z2-7]{8}\.[a-z2-7]{26}\.\d{6}\.[\w-]*/g;

/** Records with the values of a person in the clear, and how many of them. */
export interface OpenedRecords {
  readonly records: readonly StoredRecord[];
  /** Values that were opened, by dataset and column as the vault knows them. */
  readonly revealed: ReadonlyMap<
    string,
    { readonly dataset: string; readonly column: string; readonly values: number }
  >;
}

/** Opens what is the person's own in records; what is of others, or readable no more, stays as it is stored. */
export async function openRecords(
  effects: Pick<Effects, 'vault'>,
  records: readonly StoredRecord[],
  references: readonly string[],
): Promise<OpenedRecords> {
  const own = new Set(references);
  const envelopes = new Set<string>();
  for (const { values, reasons } of records)
    for (const text of [...textsIn(values), ...textsIn(reasons)])
      for (const [envelope] of text.matchAll(ENVELOPE))
        if (own.has(readEnvelope(envelope)?.subject ?? '')) envelopes.add(envelope);
  const clear = await openAll(effects, [...envelopes]);
  const columns = await vaultOf(effects).columns();
  const revealed = new Map<string, { dataset: string; column: string; values: number }>();
  const note = (envelope: string): void => {
    const column = columns.get(readEnvelope(envelope)?.column ?? '');
    if (column === undefined) return;
    const name = JSON.stringify([column.dataset, column.column]);
    const before = revealed.get(name)?.values ?? 0;
    revealed.set(name, { dataset: column.dataset, column: column.column, values: before + 1 });
  };
  const open = (text: string): string =>
    text.replace(ENVELOPE, (envelope) => {
      const value = clear.get(envelope);
      if (value === undefined) return envelope;
      note(envelope);
      return value;
    });
  return {
    records: records.map((record) => ({
      ...record,
      values: opened(record.values, open) as StoredRecord['values'],
      reasons: opened(record.reasons, open),
    })),
    revealed,
  };
}

async function openAll(
  effects: Pick<Effects, 'vault'>,
  envelopes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const sodium = await Sodium.open();
  try {
    const cells = await openCells({ vault: vaultOf(effects), sodium })(envelopes);
    return new Map(
      envelopes.flatMap((envelope, n) => {
        const cell = cells[n];
        return cell?.kind === 'clear' ? [[envelope, cell.text] as const] : [];
      }),
    );
  } finally {
    sodium.dispose();
  }
}

type Deep = SqlValue | Readonly<Record<string, SqlValue>>;

function* textsIn(value: Deep): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (Array.isArray(value)) for (const one of value) yield* textsIn(one);
  else if (value !== null && typeof value === 'object')
    for (const one of Object.values(value)) yield* textsIn(one);
}

function opened(value: Deep, open: (text: string) => string): SqlValue {
  if (typeof value === 'string') return open(value);
  if (Array.isArray(value)) return value.map((one) => opened(one, open));
  if (value === null || typeof value !== 'object') return value as SqlValue;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, opened(one, open)]));
}
