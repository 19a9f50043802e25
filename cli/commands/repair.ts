import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { planRepair, type RepairPlan, repairPointer, requireFault } from '../../etl/operations/repair.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { printable } from '../print/printable.ts';

/** `assay repair`: restores a pointer that was lost or damaged. */
export const repair: Command = {
  name: 'repair',
  usage: 'DATASET [--dry-run] --reason TEXT [--by NAME] [--lake DIR]',
  description: `Restores the pointer (_LATEST.json) of a dataset or a Gold table where it is missing, can't be read, or leads nowhere: from
the versions that the store still has of it, else from the last state that the tables' metadata and the records of runs
and decisions prove to have been published. Files of runs after that state are read again by the next run. Where nothing is
wrong, nothing is changed. No schedule does this: somebody should find out first who removed it.`,
  options: {
    'dry-run': { type: 'boolean', help: 'say what is wrong and what would be restored, and change nothing' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay repair spend.council_payments --dry-run',
    'assay repair spend.council_payments --reason "removed by a cleaning script"',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const isDryRun = args.has('dry-run');
    const word = isDryRun ? undefined : wordOf(args, io);
    const [dataset = ''] = args.positionals;
    const lake = await openLakeOf(args, io);
    const contract = requireContract(await loadContracts(lake.effects.contracts), dataset);
    const plan = await planRepair(lake.effects, { contract, history: lake.history });
    if (word !== undefined) {
      requireFault(plan);
      await repairPointer(lake.effects, { contract, plan }, word);
    }
    if (args.has('json')) io.out(JSON.stringify(repairJson(dataset, plan, isDryRun), null, 2));
    else {
      for (const line of repairText(plan, isDryRun)) io.out(printable(line));
      if (!isDryRun) io.out(`Next: ${nextCommand(args, io, `audit --dataset ${dataset}`)}`);
    }
    return EXIT.ok;
  },
};

function repairJson(dataset: string, { key, wrong, restored }: RepairPlan, isDryRun: boolean) {
  const state =
    restored === null
      ? null
      : {
          from: restored.from,
          version: restored.pointer.version,
          snapshotId: restored.pointer.snapshot_id,
          lastRun: restored.pointer.run_id,
          committedAt: restored.pointer.committed_at,
        };
  return { dataset, key, wrong, restored: state, isRepaired: !isDryRun };
}

function repairText({ key, wrong, restored }: RepairPlan, isDryRun: boolean): string[] {
  if (wrong === null || restored === null) return [`Nothing is wrong with ${key}.`];
  const { from, pointer } = restored;
  const source = from === 'versions' ? 'an earlier version of it' : "the tables' metadata and records";
  const would = isDryRun ? 'would be' : 'is';
  return [
    `${key}: ${wrong}.`,
    `It ${would} restored from ${source}: version ${pointer.version}, snapshot ${pointer.snapshot_id}, published by run ${pointer.run_id} at ${pointer.committed_at}.`,
  ];
}
