import type { Lake } from '../../adapters/local/lake.ts';
import { auditDataset, type DatasetAudit } from '../../etl/audit/audit-dataset.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { findRun } from '../../etl/operations/find-run.ts';
import type { Args, Command } from '../command.ts';
import { EXIT, worst } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { tellUnusable } from '../unusable.ts';

/** `assay audit`: checks that everything published is what was proven. */
export const audit: Command = {
  name: 'audit',
  usage: '[--dataset D] [--run RUN] [--lake DIR]',
  description: `Checks from the files themselves that everything published is what was proven, and changes nothing: every pointer, snapshot
and file; the digests of source files, retries and seals; that each record of each source file is in Silver, in
quarantine or condemned, once, with the values that its text has; that no key stands twice; and every Gold table, computed anew. Finds files that
were tampered with, that are missing, or that nobody wrote. Takes about as long as running all files again.
Ends with 1 where anything is wrong.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only this dataset or Gold table (default: all)' },
    run: { type: 'string', value: 'RUN', help: "only this run's source files and seal" },
  },
  examples: ['assay audit', 'assay audit --dataset spend.council_payments --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const audits: DatasetAudit[] = [];
    for (const request of await requests(lake, args)) {
      const found = await auditDataset(lake.effects, request);
      audits.push(found);
      if (!args.has('json')) io.out(printable(auditText(found)));
      if (!args.has('json'))
        for (const { code, key, problem } of found.problems)
          io.out(printable(`  ${code} ${key}: ${problem}`));
    }
    if (args.has('json')) io.out(JSON.stringify(audits, null, 2));
    const isAll = args.text('run') === undefined && args.text('dataset') === undefined;
    const left = isAll ? tellUnusable(await loadContracts(lake.effects.contracts), args, io) : EXIT.ok;
    return worst(left, audits.some(({ problems }) => problems.length > 0) ? EXIT.data : EXIT.ok);
  },
};

async function requests(lake: Lake, args: Args): Promise<{ dataset: string; runId?: string }[]> {
  const run = args.text('run');
  if (run !== undefined) {
    const { dataset, runId } = await findRun(lake.effects, run);
    return [{ dataset, runId }];
  }
  const loaded = await loadContracts(lake.effects.contracts);
  const named = args.text('dataset');
  if (named !== undefined) return [{ dataset: requireContract(loaded, named).dataset }];
  return [...loaded.contracts.keys()].map((dataset) => ({ dataset }));
}

function auditText({ dataset, version, checked, unusedFiles, engine, problems }: DatasetAudit): string {
  const { snapshots, files, seals, sourceFiles, records } = checked;
  const read =
    sourceFiles === 0
      ? ''
      : `, ${plural(seals, 'seal')}, ${plural(sourceFiles, 'source file')} with ${count(records)} records`;
  const unused = unusedFiles === 0 ? '' : `; ${plural(unusedFiles, 'unused file')}`;
  const rest = `${unused}${engine === undefined ? '' : `; compared by ${engine}`}`;
  const verdict = problems.length === 0 ? 'sound' : `${plural(problems.length, 'PROBLEM')}`;
  if (version === 0 && problems.length === 0) return `${dataset}: nothing published`;
  return `${dataset}: ${verdict}; ${plural(snapshots, 'snapshot')}, ${plural(files, 'file')}${read}${rest}`;
}
