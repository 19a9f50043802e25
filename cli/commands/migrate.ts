import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { askForMigration, dueMigration, migrationOutcome } from '../../etl/operations/migrate.ts';
import type { MigrationOutcome } from '../../etl/stages/migration-documents.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { personalData } from '../../etl/stages/personal-data.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { sweep } from '../../etl/stages/sweep.ts';
import type { GoldEffect } from '../../etl/trying/gold-effect.ts';
import { maskGold } from '../../etl/trying/mask-gold.ts';
import { type ContractTrial, tryContract } from '../../etl/trying/try-contract.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { printOutcome } from '../outcome.ts';
import { outcomeCode } from '../outcome-code.ts';
import { count, plural } from '../print/format.ts';
import { printableLines } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { runJson } from '../run-json.ts';
import { flipTables, goldText } from './contracts-try.ts';

/** Examples that a dry run names of each rule, and figures of each Gold table. */
const LIMITS = { mostExamples: 3, mostFigures: 50 };

/** `assay migrate`: makes a dataset's tables anew under a new major version of its contract. */
export const migrate: Command = {
  name: 'migrate',
  usage: 'DATASET [--dry-run] [--accept-losses] --reason TEXT [--by NAME] [--lake DIR]',
  description: `Makes the tables of a dataset anew from all of Bronze, under a new major version of its contract: a new generation of
Silver, quarantine, condemned records and ledger, published in one step; the Gold tables made from it follow. Until then
readers see the old one, which can be queried with --as-of afterwards. Each file is read in the dialect in which it was
accepted: a new delimiter, header or format loses no old file. What people corrected, released or condemned stays so, and
no attempt is counted. Refused, and nothing changes, where records that are in Silver would not be there any more (unless
--accept-losses takes that), or a Gold table can't be made from the new tables. With --dry-run says what would change. A
migration that was broken off goes on when it is asked for again; 'assay rollback' takes one back as a whole.`,
  options: {
    'dry-run': { type: 'boolean', help: 'say what would change, and change nothing' },
    'accept-losses': { type: 'boolean', help: 'publish also where records leave Silver by it' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay migrate spend.council_payments --dry-run',
    'assay migrate spend.council_payments --reason "amounts have three decimals from now on"',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const [dataset = ''] = args.positionals;
    const isDryRun = args.has('dry-run');
    const word = isDryRun ? undefined : wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const { contract, pointer } = await dueMigration(lake.effects, dataset);
    const versions = { dataset, from: pointer.contract_version, to: contract.version };
    if (word === undefined) {
      const loaded = await loadContracts(lake.effects.contracts);
      const tried = await tryContract(lake.effects, { loaded, proposed: contract }, LIMITS);
      const found = { ...tried, gold: maskGold(tried.gold, loaded.contracts) };
      const { files, counts, flips, sums, pii, gold } = found;
      if (args.has('json'))
        io.out(JSON.stringify({ ...versions, files, counts, flips, sums, pii, gold, run: null }, null, 2));
      else {
        io.out(printableLines(dryText(versions, found, personalData(found, contract))));
        const losses = counts.out > 0 ? ' --accept-losses' : '';
        io.out(`Next: ${nextCommand(args, io, `migrate ${dataset}${losses} --reason '…'`)}`);
      }
      return EXIT.ok;
    }
    const request = { ...word, acceptLosses: args.has('accept-losses') };
    const run = await lake.runs.backfill(await askForMigration(lake.effects, dataset, request));
    const ended = await migrationOutcome(lake.effects, run);
    const { contracts } = await loadContracts(lake.effects.contracts);
    const outcome = ended && { ...ended, gold: maskGold(ended.gold, contracts) };
    if (args.has('json'))
      io.out(JSON.stringify({ ...versions, outcome: outcome ?? null, run: runJson(run) }, null, 2));
    else {
      await printOutcome({ kind: 'run', dataset, run }, true, { lake, args, io });
      if (outcome !== undefined) io.out(`\n${printableLines(outcomeText(outcome, run))}`);
      // On AWS the workflow itself runs what waits.
      const isPromoted = run.status === 'promoted' && lake.athena === undefined;
      const next = { dataset, runId: newRunId(lake.effects.clock.now()) };
      if (isPromoted && (await sweep(next, lake.effects)).pending)
        io.out(`\nFiles wait.\nNext: ${nextCommand(args, io, `run --dataset ${dataset}`)}`);
    }
    return outcomeCode({ kind: 'run', dataset, run });
  },
};

interface Versions {
  readonly dataset: string;
  readonly from: string;
  readonly to: string;
}

function dryText({ dataset, from, to }: Versions, found: ContractTrial, personal: readonly string[]): string {
  const { files, counts, flips, sums, gold } = found;
  const { records, silverNow, silverThen, toSilver, out } = counts;
  return [
    `${dataset}, ${from} → ${to}: ${plural(files, 'file')} read again, ${plural(records, 'record')}`,
    `in Silver ${count(silverNow)} now, ${count(silverThen)} then; ${count(toSilver)} would come, ${count(out)} would go`,
    ...sumsTable(sums),
    ...flipTables(flips),
    ...personal.map((one) => `Personal data where none should be: ${one}.`),
    ...gold.map(goldText),
    'Nothing was changed.',
  ].join('\n\n');
}

const right = { align: 'right' as const };

function sumsTable(sums: ContractTrial['sums']): string[] {
  if (sums.length === 0) return [];
  const rows = sums.map(({ measure, before, after }) => [measure, before, after]);
  return [table([{ name: 'sum' }, { name: 'was', ...right }, { name: 'is', ...right }], rows)];
}

/** An outcome without personal and confidential values. */
type MaskedOutcome = Omit<MigrationOutcome, 'gold'> & { readonly gold: readonly GoldEffect[] };

function outcomeText(outcome: MaskedOutcome, { status }: RunRecord): string {
  const { rows, lost, gained, verdicts, sums, gold } = outcome;
  const counts = Object.entries(verdicts).map(([verdict, { before, after }]) => [
    verdict,
    count(before),
    count(after),
  ]);
  return [
    status === 'promoted'
      ? `The tables are of version ${outcome.to} now; those of ${outcome.from} can be queried with --as-of.`
      : 'Nothing was changed.',
    `Silver: ${count(rows.before)} rows before, ${count(rows.after)} after; ${count(lost)} went, ${count(gained)} came`,
    table([{ name: 'records' }, { name: 'was', ...right }, { name: 'is', ...right }], counts),
    ...sumsTable(sums),
    ...gold.map(goldText),
  ].join('\n\n');
}
