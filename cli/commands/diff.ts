import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import type { KeyChange, RowsDiff } from '../../etl/query/compare-rows.ts';
import { maskChanges } from '../../etl/query/mask-changes.ts';
import { diffSnapshots } from '../../etl/query/snapshot-diff.ts';
import { publishedContract } from '../../etl/stages/kept-contracts.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, decimal, plural } from '../print/format.ts';
import { table } from '../print/table.ts';
import { snapshotId } from '../snapshot-id.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_LIMIT = '50';

/** `assay diff`: what differs between two snapshots. */
export const diff: Command = {
  name: 'diff',
  usage: 'DATASET A B [--limit N] [--unmasked] [--lake DIR]',
  description: `What came and what went from snapshot A to snapshot B of a dataset's Silver table, or of a Gold table: rows and the sums of
the measures by month, and the keys that were added, removed or changed with their old and new values.
Values of personal and confidential columns are shown as •••.`,
  options: {
    limit: { type: 'string', value: 'N', help: `name at most N keys (default: ${DEFAULT_LIMIT})` },
    unmasked: { type: 'boolean', help: 'show the values of personal and confidential columns, too' },
  },
  examples: ['assay diff spend.council_payments 3351973625461540 2030449718317321'],
  positionals: { min: 3, max: 3, name: 'DATASET A B' },
  async run(args, io) {
    const limit = args.text('limit') ?? DEFAULT_LIMIT;
    if (!/^\d{1,7}$/.test(limit)) throw usageError(`--limit ${limit} is no number of keys: write e.g. 50.`);
    const [dataset = '', a = '', b = ''] = args.positionals;
    const span = { fromId: snapshotId(a), toId: snapshotId(b), mostKeys: Number(limit) };
    const lake = await openLakeOf(args, io);
    const loaded = await loadContracts(lake.effects.contracts);
    const contract = await publishedContract(lake.effects.objects, requireContract(loaded, dataset));
    const found = await withScratchEngine(lake.effects, 'diff', (engine) =>
      diffSnapshots(engine, lake.effects, contract, span),
    );
    const seen = args.has('unmasked') ? found : maskChanges(found, contract);
    const shown = { dataset, from: span.fromId, to: span.toId, ...seen };
    io.out(args.has('json') ? JSON.stringify(shown, null, 2) : diffText(shown));
    return EXIT.ok;
  },
};

function diffText(
  found: RowsDiff & { readonly dataset: string; readonly from: number; readonly to: number },
): string {
  const { dataset, from, to, rowsAdded, rowsRemoved, months, keys, keyCount } = found;
  const head = `${dataset}, from snapshot ${from} to ${to}: ${plural(rowsAdded, 'row')} added, ${plural(rowsRemoved, 'row')} removed`;
  if (keyCount === 0) return head;
  const right = { align: 'right' as const };
  const monthRows = months.flatMap(({ month, rowsAdded: came, rowsRemoved: went, measures }) => [
    [month, 'rows', count(came), count(went)],
    ...measures.map(({ measure, by, added, removed }) => [
      '',
      by === null ? measure : `${measure} ${by}`,
      decimal(added),
      decimal(removed),
    ]),
  ]);
  const monthTable = table(
    [{ name: 'month' }, { name: '' }, { name: 'added', ...right }, { name: 'removed', ...right }],
    monthRows,
  );
  const keyTable = table(
    [{ name: 'month' }, { name: 'change' }, { name: 'key' }, { name: 'values' }],
    keys.map(({ month, change, key, values }) => [month, change, keyText(key), valuesText(values)]),
    { maxCell: 100 },
  );
  const rest =
    keyCount > keys.length ? `\n  … ${plural(keyCount - keys.length, 'more key')}; --limit N shows more` : '';
  return [head, monthTable, `${keyTable}${rest}`].join('\n\n');
}

function keyText(key: KeyChange['key']): string {
  return Object.values(key)
    .map((value) => value ?? 'NULL')
    .join(' · ');
}

function valuesText(values: KeyChange['values']): string {
  return Object.entries(values)
    .map(([name, { old, new: now }]) => `${name}: ${old ?? 'NULL'} → ${now ?? 'NULL'}`)
    .join(', ');
}
