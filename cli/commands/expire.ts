import { type Expired, expire as expireSnapshots } from '../../etl/operations/expire.ts';
import { ageMs } from '../age.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { expireCondemned } from '../expire-condemned.ts';
import { expireReadLog } from '../expire-reads.ts';
import { maintenanceWordOf, OPTIONAL_WORD_OPTIONS } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { usageError } from '../usage-error.ts';

/** `assay expire`: forgets old snapshots, condemned and quarantined records whose legal time is over, or who read products. */
export const expire: Command = {
  name: 'expire',
  usage:
    'DATASET --older-than AGE | --condemned [DATASET] --older-than TERM [--dry-run] [--reason TEXT] [--by NAME] | --reads --older-than TERM [--lake DIR]',
  description: `Forgets the snapshots of a dataset's Silver and quarantine, or of a Gold table, that were not current for that long, in one
commit. What was current at any moment since can still be queried with --as-of and rolled back to; asking for a moment
before says that it was expired. Earlier generations of the tables, from before a migration, go as a whole. Snapshots that a Gold table was made from are kept. The ledger, the condemned records and
all decisions never expire. Nothing that readers see now changes; the files go with the next 'assay vacuum'.
With --condemned it lets records go, of one dataset or of all: those condemned, or else first rejected, longer ago than
days, months or years (90d, 18m, 7y). Their values leave the tables and every snapshot of them; where they lay, their hash and
the codes of their reasons stay, so that they still count when they come again and an audit stays sound. Without --reason it
only says what would go: of which datasets, how many records of which runs. That can't be undone.
With --reads it forgets who read data products longer ago than that (90d, 13m, 2y).`,
  options: {
    'older-than': {
      type: 'string',
      value: 'AGE',
      help: 'states that have not been current for this long, e.g. 12h, 90d; with --condemned and --reads 90d, 18m (months), 7y',
    },
    condemned: {
      type: 'boolean',
      help: 'let condemned and quarantined records go, and no snapshot for its age',
    },
    reads: { type: 'boolean', help: 'forget who read data products so long ago, and no snapshot' },
    'dry-run': { type: 'boolean', help: 'with --condemned: say which records would go, and change nothing' },
    ...OPTIONAL_WORD_OPTIONS,
  },
  examples: [
    'assay expire spend.council_payments --older-than 90d',
    'assay expire --condemned --older-than 7y',
    'assay expire --reads --older-than 13m',
    'assay expire --condemned --older-than 7y --reason "kept for seven years" --by ann',
  ],
  positionals: { min: 0, max: 1, name: 'DATASET' },
  async run(args, io) {
    if (args.has('reads') && args.has('condemned'))
      throw usageError('--reads and --condemned are two things: give one of them.');
    if (args.has('reads')) return await expireReadLog(args, io);
    if (args.has('condemned')) return await expireCondemned(args, io);
    if (args.has('dry-run'))
      throw usageError(
        '--dry-run goes with --condemned: expiring snapshots changes nothing that readers see.',
      );
    if (args.positionals.length === 0) throw usageError('DATASET is missing: say whose snapshots are to go.');
    const age = args.text('older-than');
    if (age === undefined)
      throw usageError('--older-than is missing: say for how long to look back, e.g. 90d.');
    const lengthMs = ageMs(age);
    const [dataset = ''] = args.positionals;
    const lake = await openLakeOf(args, io, { changes: true });
    const before = new Date(lake.effects.clock.now().getTime() - lengthMs);
    const done = await expireSnapshots(lake.effects, { dataset, before }, maintenanceWordOf(args, io));
    if (args.has('json')) io.out(JSON.stringify(done, null, 2));
    else {
      for (const line of expiredText(done)) io.out(printable(line));
      if (expiredCount(done) > 0) io.out(`Next: ${nextCommand(args, io, `vacuum --dataset ${dataset}`)}`);
    }
    return EXIT.ok;
  },
};

const expiredCount = ({ expired, generations }: Expired): number =>
  Object.values(expired).reduce((sum, ids) => sum + ids.length, generations.length);

function expiredText(done: Expired): string[] {
  const { dataset, version, before, expired, kept } = done;
  if (version === 0) return [`Nothing of ${dataset} was published yet.`];
  if (expiredCount(done) === 0) return [`${dataset} has no snapshot that was not current since ${before}.`];
  const lines = Object.entries(expired).map(
    ([layer, ids]) =>
      `  ${layer}: ${plural(ids.length, 'snapshot')} expired, ${count(kept[layer as keyof typeof kept] ?? 0)} left`,
  );
  if (done.generations.length > 0) lines.push(`  generations gone: ${done.generations.join(', ')}`);
  return [`${dataset} forgot what was not current since ${before}, as version ${version}.`, ...lines];
}
