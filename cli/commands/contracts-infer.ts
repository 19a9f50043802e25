import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { guarded, hasCode } from '../../adapters/local/file-errors.ts';
import { MEMORY_LIMIT_MB } from '../../adapters/local/lake.ts';
import { scratchOpener } from '../../adapters/local/scratch.ts';
import { localSourceFile } from '../../adapters/local/source-file.ts';
import { type ContractProblem, problemText } from '../../etl/contract/problems.ts';
import { readContract } from '../../etl/contract/read-contract.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import { type DatasetName, datasetNameOf } from '../../etl/inferring/dataset-name.ts';
import { inferContract } from '../../etl/inferring/infer-contract.ts';
import type { Proposal } from '../../etl/inferring/proposal.ts';
import { proposalYaml } from '../../etl/inferring/proposal-yaml.ts';
import { proposeProtection } from '../../etl/inferring/propose-protection.ts';
import { requireEnding } from '../answer-format.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findFiles } from '../find-files.ts';
import { LINK_OPTION, linksOf } from '../follow-links.ts';
import type { Io } from '../io.ts';
import { locations, nextCommand, quoteArgument, shownPath } from '../locations.ts';
import { engineLimits } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { proposalJson, proposalText } from '../print/proposal.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_SAMPLE_MB = '256';

/** `assay contracts infer`: a contract as the data suggests it. */
export const contractsInfer: Command = {
  name: 'contracts infer',
  usage: 'FILE… [--dataset D] [--protect] [--out FILE] [--sample-mb N]',
  description: `Proposes a contract for files: dialect, columns and their spellings, types, date and number formats, key, partition
column and classification, each with what speaks for it. What only a person can decide is marked DECIDE in the proposal
and left empty; a guess that may be wrong is marked REVIEW. Needs no lake. Prints the contract, and what it found on
stderr; with --out, writes the contract there and prints what it found. Personal values are never shown.
With --protect it also proposes how what is personal is protected before it is stored: whose data a record is, and what
becomes of each column.`,
  options: {
    dataset: {
      type: 'string',
      value: 'D',
      help: "the dataset's name, e.g. spend.payments (default: from the path of the first file)",
    },
    protect: { type: 'boolean', help: 'propose how personal columns are protected, too' },
    out: { type: 'string', value: 'FILE', help: 'write the contract to a new file' },
    ...LINK_OPTION,
    'sample-mb': {
      type: 'string',
      value: 'N',
      help: `read at most N megabytes, an equal share of each file (default: ${DEFAULT_SAMPLE_MB})`,
    },
  },
  examples: [
    'assay contracts infer drop/*.csv --dataset spend.council_payments --out contracts/spend/council_payments.yaml',
    'assay contracts infer payments.csv --json',
    'assay contracts infer customers.csv --dataset shop.customers --protect',
  ],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY, name: 'FILE' },
  localOnly: 'it looks at files on this machine.',
  async run(args, io) {
    const sampleBytes = sampleBytesOf(args);
    const found = await findFiles(args.positionals, {
      cwd: io.cwd,
      exclude: locations(args, io).lakeDir,
      links: linksOf(args),
    });
    const files = found.files.map(({ file }) => file);
    const name = datasetName(args.text('dataset'), files[0] ?? '');
    const out = args.text('out');
    requireEnding(out, ['.yaml', '.yml'], 'YAML');
    const inferred = await propose(files, io, { ...name, sampleBytes });
    const proposal = args.has('protect') ? proposeProtection(inferred) : inferred;
    const yaml = proposalYaml(proposal);
    const file =
      out === undefined ? `${name.domain}/${name.name}.yaml` : shownPath(path.resolve(io.cwd, out), io);
    const left = problemsOf(file, yaml);
    if (out !== undefined) await writeNew(path.resolve(io.cwd, out), file, yaml);
    if (args.has('json')) {
      const json = proposalJson(proposal, { left, contract: yaml });
      io.out(JSON.stringify({ ...json, out: out === undefined ? null : file }, null, 2));
      return EXIT.ok;
    }
    const text = proposalText(
      proposal,
      left.map((problem) => printable(problemText(problem))),
    );
    const personal = args.has('protect') ? 0 : proposal.columns.filter(isPersonal).length;
    const hint =
      personal === 0
        ? ''
        : `\n${plural(personal, 'column')} seem personal, and would be stored as they come: --protect proposes otherwise.\n`;
    if (out === undefined) {
      io.err(text + hint);
      io.out(yaml.trimEnd());
    } else {
      io.out(text + hint);
      io.out(`Next: ${nextCommand(args, io, `contracts check ${quoteArgument(file)}`)}`);
    }
    return EXIT.ok;
  },
};

const isPersonal = ({ classification }: Proposal['columns'][number]): boolean =>
  classification === 'personal';

/** How much of the files is read. */
export function sampleBytesOf(args: Args): number {
  const sampleMb = args.text('sample-mb') ?? DEFAULT_SAMPLE_MB;
  if (!/^[1-9]\d{0,6}$/.test(sampleMb))
    throw usageError(`--sample-mb ${sampleMb} is no number of megabytes: write e.g. 256.`);
  return Number(sampleMb) * 1_000_000;
}

/** A dataset's name as it was given, else from the path of its first file. */
export function datasetName(given: string | undefined, file: string): DatasetName {
  if (given === undefined) return datasetNameOf(file.split(path.sep).join('/'));
  const [, domain, name] = /^([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)$/.exec(given) ?? [];
  if (domain === undefined || name === undefined)
    throw usageError(`${given} is no name of a dataset: write e.g. spend.council_payments.`);
  return { domain, name };
}

/** What files propose; in a temporary folder of its own, which is gone afterwards. */
export async function propose(
  files: readonly string[],
  io: Io,
  what: DatasetName & { readonly sampleBytes: number },
): Promise<Proposal> {
  const limits = { memoryLimitMb: MEMORY_LIMIT_MB, threads: availableParallelism(), ...engineLimits(io) };
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-infer-'));
  try {
    const scratch = await scratchOpener(folder)('infer');
    const sources = await Promise.all(files.map((file) => localSourceFile(file, shownPath(file, io))));
    return await withEngine(limits, path.join(scratch.directory, 'spill'), (engine) =>
      inferContract(sources, { ...what, engine, scratch }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `contracts check` would say of the proposal. */
export function problemsOf(file: string, yaml: string): readonly ContractProblem[] {
  const result = readContract(file, yaml);
  return result.kind === 'invalid' ? result.problems : [];
}

/** Writes a new file, and makes its folder. Throws ConfigError `FILE_EXISTS` rather than write over one. */
export async function writeNew(file: string, shown: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      const message = `${shown} is there already, and is not written over: choose another name, or remove it.`;
      throw new ConfigError('FILE_EXISTS', message, { context: { file: shown }, cause: error });
    }
    await guarded(`writing ${shown}`, () => Promise.reject(error));
  }
}
