import { RENEWAL_MS } from '../../etl/personal/retention.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { count, time } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { vaultOf } from '../vault-of.ts';

/** `assay vault status`: whether the vault opens, and what it has keys for. */
export const vaultStatus: Command = {
  name: 'vault status',
  usage: '[--lake DIR]',
  description: `Says where the vault is, whether its key opens it, when it was last sealed under a new key, and which data groups of which
datasets it has keys for. Ends with 1 where a new key is due (assay vault renew). With --target aws it is the table of
DynamoDB, and what opens it are the keys of KMS.`,
  options: {},
  examples: ['assay vault status', 'assay vault status --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const { vault, clock, name, key, shown } = await vaultOf(args, io);
    const [renewedAt, columns, periods] = [
      await vault.renewedAt(),
      await vault.columns(),
      await vault.periods(),
    ];
    const dueAt = new Date(renewedAt.getTime() + RENEWAL_MS);
    const isDue = dueAt <= clock.now();
    const groups = groupsOf([...columns.values()], periods);
    const status = {
      ...{ vault: name, key },
      renewedAt: renewedAt.toISOString(),
      renewalDueAt: dueAt.toISOString(),
      isDue,
      groups,
    };
    if (args.has('json')) io.out(JSON.stringify(status, null, 2));
    else {
      io.out(printable(`vault     ${shown.name}`));
      io.out(printable(`key       ${shown.key}, which opens it`));
      io.out(
        `renewed   ${time(status.renewedAt)} UTC; a new key is due ${isDue ? 'since' : 'on'} ${time(status.renewalDueAt)}`,
      );
      if (groups.length === 0) io.out('It has keys for no dataset yet.');
      else io.out(`\n${groupsTable(groups)}`);
      if (isDue) io.out(`\nNext: ${nextCommand(args, io, 'vault renew')}`);
    }
    return isDue ? EXIT.data : EXIT.ok;
  },
};

interface Group {
  readonly dataset: string;
  readonly group: string;
  readonly columns: readonly string[];
  /** Months that have a key. */
  readonly periods: number;
}

/** What the vault has keys for, by dataset and data group. */
function groupsOf(
  columns: readonly { readonly dataset: string; readonly group: string; readonly column: string }[],
  periods: readonly { readonly dataset: string; readonly group: string }[],
): Group[] {
  const names = new Map(columns.map(({ dataset, group }) => [`${dataset} ${group}`, { dataset, group }]));
  const isOf = (one: { readonly dataset: string; readonly group: string }) => (other: typeof one) =>
    one.dataset === other.dataset && one.group === other.group;
  return [...names.values()]
    .map((one) => ({
      ...one,
      columns: columns
        .filter(isOf(one))
        .map(({ column }) => column)
        .sort(),
      periods: periods.filter(isOf(one)).length,
    }))
    .sort((a, b) => (`${a.dataset} ${a.group}` < `${b.dataset} ${b.group}` ? -1 : 1));
}

function groupsTable(groups: readonly Group[]): string {
  const rows = groups.map(({ dataset, group, columns, periods }) => [
    dataset,
    group,
    columns.join(', '),
    count(periods),
  ]);
  return table(
    [{ name: 'dataset' }, { name: 'group' }, { name: 'columns' }, { name: 'months', align: 'right' }],
    rows,
  );
}
