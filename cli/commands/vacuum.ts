import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { vacuum as tidy, type Vacuumed } from '../../etl/operations/vacuum.ts';
import { ageMs } from '../age.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural, size } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_AGE = '24h';
const LEAST_MS = 3_600_000;

/** `assay vacuum`: removes files that nobody needs. */
export const vacuum: Command = {
  name: 'vacuum',
  usage: '[--dataset D] [--older-than AGE] [--dry-run] [--lake DIR]',
  description: `Removes files that nobody needs: what killed and refused runs left, lost races, files that only expired snapshots named, and
what runs that ended had staged. Never removes a file that a snapshot names, one of a held run, one that Assay didn't write,
or anything younger than --older-than; and nothing of a dataset that a run, or other work, may be under way for. Bronze is
never touched. Scratch space of dead processes goes whenever a lake is opened.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only this dataset or Gold table (default: all)' },
    'older-than': {
      type: 'string',
      value: 'AGE',
      help: `only files that were last written this long ago (default: ${DEFAULT_AGE}, at least 1h)`,
    },
    'dry-run': { type: 'boolean', help: 'list what would be removed, and remove nothing' },
  },
  examples: ['assay vacuum --dry-run', 'assay vacuum --dataset spend.council_payments --older-than 7d'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const olderThanMs = ageMs(args.text('older-than') ?? DEFAULT_AGE);
    if (olderThanMs < LEAST_MS)
      throw usageError('--older-than must be 1h at least: what is younger may be being written.');
    const isDryRun = args.has('dry-run');
    const lake = await openLakeOf(args, io, { changes: !isDryRun });
    const loaded = await loadContracts(lake.effects.contracts);
    const named = args.text('dataset');
    const contracts = named === undefined ? [...loaded.contracts.values()] : [requireContract(loaded, named)];
    // Gold first: its inputs' staged documents identify its leftovers.
    const ordered = contracts.sort((a, b) => Number(b.layer !== 'silver') - Number(a.layer !== 'silver'));
    const done: Vacuumed[] = [];
    for (const contract of ordered) done.push(await tidy(lake.effects, { contract, olderThanMs, isDryRun }));
    if (args.has('json')) io.out(JSON.stringify(done.map(vacuumJson), null, 2));
    else for (const line of done.flatMap((one) => vacuumText(one, args))) io.out(printable(line));
    return EXIT.ok;
  },
};

const bytesOf = ({ removed }: Vacuumed): number => removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

function vacuumJson(done: Vacuumed) {
  const removed = done.removed.map(({ key, sizeBytes }) => ({ key, sizeBytes }));
  return { ...done, removed, removedBytes: bytesOf(done) };
}

function vacuumText(done: Vacuumed, args: Args): string[] {
  const { dataset, skipped, removed, young } = done;
  if (skipped !== null) return [`${dataset}: left alone; ${skipped}`];
  const verb = args.has('dry-run') ? 'would be removed' : 'removed';
  const rest = young === 0 ? '' : `; ${plural(young, 'leftover')} too young`;
  const keys = args.has('dry-run')
    ? removed.map(({ key, sizeBytes }) => `  ${key} (${size(sizeBytes)})`)
    : [];
  return [`${dataset}: ${plural(removed.length, 'file')} ${verb}, ${size(bytesOf(done))}${rest}`, ...keys];
}
