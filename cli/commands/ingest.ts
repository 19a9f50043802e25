import path from 'node:path';
import { ingestFiles } from '../../adapters/local/ingest-files.ts';
import type { IngestedSource } from '../../adapters/local/ingestion.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { DataError } from '../../etl/errors.ts';
import { parseDataset } from '../../etl/naming/datasets.ts';
import { usableContract } from '../../etl/stages/usable-contract.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findFiles } from '../find-files.ts';
import { LINK_OPTION, linksOf } from '../follow-links.ts';
import type { Io } from '../io.ts';
import { nextCommand, shownPath } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { whyOtherKind } from '../other-kind.ts';
import { plural, size } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { progressBar } from '../print/progress.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** How many skipped files are named. */
const NAMED_SKIPS = 10;

/** `assay ingest`: copies source files into Bronze. */
export const ingest: Command = {
  name: 'ingest',
  usage: 'FILE… --dataset D [--lake DIR]',
  description: `Copies source files into Bronze, where nothing is ever changed or written over. FILE is a file, a folder (searched to the
bottom for .csv, .tsv, .txt, .dat, .psv, .jsonl and .ndjson, also with .gz or .zst, .xlsx and .zip) or a glob; quote a glob to have Assay expand it.
A file that is there already under its name is noted and not copied; another file under a name that is taken is kept
beside it. Links are refused, unless --follow-links is given: they could lead anywhere. Files of a
protected dataset are protected on the way, and get names that say nothing; what can't be read stays where it is. Nothing is
written when the dataset has no valid contract, or when one of the paths leads to nothing.
With --target aws, each file starts a run of the platform by itself; one of a protected dataset is protected on this machine,
which takes the rights of a privacy officer: sources drop theirs in the landing bucket instead.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'the dataset, <domain>.<name>' },
    ...LINK_OPTION,
  },
  examples: [
    'assay ingest 2020-06.csv --dataset spend.council_payments',
    'assay ingest downloads/ --dataset mortgages.transactions --lake /data/lake',
    "assay ingest 'drops/**/*.csv.gz' --dataset mortgages.transactions --json",
  ],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY, name: 'FILE' },
  async run(args, io) {
    const dataset = args.text('dataset');
    if (dataset === undefined) {
      throw usageError(
        '--dataset is missing: say which dataset the files are for, e.g. --dataset spend.council_payments.',
      );
    }
    parseDataset(dataset);
    const bar = progressBar(io, !args.has('json'), 'finishing …');
    const lake = await openLakeOf(args, io, { progress: bar.advance });
    const contract = await usableContract(lake.effects, await loadContracts(lake.effects.contracts), dataset);
    const links = linksOf(args);
    const found = await findFiles(args.positionals, { cwd: io.cwd, exclude: lake.root, links });
    const { files, others } = await apart(found.files, contract);
    printSkipped([...found.skipped, ...others], io);
    const ingested: IngestedSource[] = [];
    /** Why files that can't be taken stay where they are. */
    const left: DataError[] = [];
    try {
      for await (const done of ingestFiles(lake, contract, files)) {
        if (done.kind === 'ingested') ingested.push(done.source);
        else if (done.error instanceof DataError) left.push(done.error);
        else throw done.error;
      }
    } finally {
      bar.stop();
    }
    const [first, ...more] = left;
    for (const error of ingested.length === 0 ? more : left) io.err(printable(error.message));
    if (first !== undefined && ingested.length === 0) throw first;
    if (args.has('json')) io.out(JSON.stringify(ingested, null, 2));
    else printIngested(ingested, dataset, args, io);
    return others.length + left.length > 0 ? EXIT.data : EXIT.ok;
  },
};

/** Files that may be of the contract's format, and those that their first bytes show to be something else: Bronze keeps for good what it gets. */
async function apart<T extends { readonly file: string }>(
  found: readonly T[],
  contract: SourceContract,
): Promise<{
  readonly files: readonly T[];
  readonly others: readonly { readonly file: string; readonly why: string }[];
}> {
  const files: T[] = [];
  const others: { file: string; why: string }[] = [];
  for (const one of found) {
    const { file } = one;
    const why = await whyOtherKind(file, contract);
    if (why === undefined) files.push(one);
    else others.push({ file, why });
  }
  return { files, others };
}

function printSkipped(skipped: readonly { file: string; why: string }[], io: Io): void {
  for (const { file, why } of skipped.slice(0, NAMED_SKIPS)) {
    io.err(`skipped ${printable(shownPath(file, io))}: ${why}`);
  }
  const more = skipped.length - NAMED_SKIPS;
  if (more > 0) io.err(`skipped ${plural(more, 'more file')} like that`);
}

function printIngested(ingested: readonly IngestedSource[], dataset: string, args: Args, io: Io): void {
  const rows = ingested.map((file) => [shownPath(file.file, io), size(file.sizeBytes), noteOf(file)]);
  const columns = [{ name: 'file' }, { name: 'size', align: 'right' as const }, { name: '' }];
  if (rows.length > 0) io.out(`${table(columns, rows, { maxCell: 110 })}\n`);
  const added = ingested.filter(({ existed }) => !existed);
  const there = ingested.length - added.length;
  const note = there === 0 ? '' : `; ${there === 1 ? '1 was' : `${there} were`} there already`;
  const folder = added[0] === undefined ? '' : ` (${path.posix.dirname(added[0].key)})`;
  io.out(`${plural(added.length, 'file')} added to Bronze of ${dataset}${folder}${note}.`);
  io.out(`Next: ${nextCommand(args, io, 'run')}`);
}

function noteOf({ file, key, existed }: IngestedSource): string {
  if (existed) return `already there (${path.posix.basename(path.posix.dirname(key))})`;
  const kept = path.posix.basename(key);
  return kept === path.basename(file) ? 'added' : `added as ${kept}`;
}
