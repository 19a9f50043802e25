import path from 'node:path';
import { ARRIVAL_NAME } from '../../etl/contract/arrival-month.ts';
import { problemText } from '../../etl/contract/problems.ts';
import {
  type Decisions,
  decideProposal,
  RECORD_KEY,
  wrongKey,
  wrongPartition,
} from '../../etl/inferring/decide-proposal.ts';
import { allNotes, type Proposal } from '../../etl/inferring/proposal.ts';
import { proposalYaml } from '../../etl/inferring/proposal-yaml.ts';
import type { Args, Command } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { findFiles } from '../find-files.ts';
import { LINK_OPTION, linksOf } from '../follow-links.ts';
import type { Io } from '../io.ts';
import { locations, nextCommand, quoteArgument, shownPath } from '../locations.ts';
import { ask, confirm } from '../new/ask.ts';
import { runCommand, runInTurn } from '../new/run-command.ts';
import { printable } from '../print/printable.ts';
import { proposalText } from '../print/proposal.ts';
import type { LineReader } from '../prompt/line-reader.ts';
import { usageError } from '../usage-error.ts';
import { contractsCheck } from './contracts-check.ts';
import { datasetName, problemsOf, propose, sampleBytesOf, writeNew } from './contracts-infer.ts';
import { ingest } from './ingest.ts';
import { init } from './init.ts';
import { run } from './run.ts';

/** `assay new dataset`: from files to a contract and its first run. */
export const newDataset: Command = {
  name: 'new dataset',
  usage:
    'FILE… [--dataset D] [--owner NAME] [--purpose TEXT] [--key COLUMNS] [--partition COLUMN] [--no-run]',
  description: `Makes a dataset of files: proposes a contract as 'assay contracts infer' does, asks what only a person knows (owner, purpose,
and the partition column where none was found), writes it to contracts/<domain>/<name>.yaml, checks it, makes
./lake a lake where it is none, and loads the files: the first run.
Where nobody can be asked, because stdin or stdout is no terminal, the options answer; what is missing is said, and
nothing is written.`,
  options: {
    dataset: {
      type: 'string',
      value: 'D',
      help: "the dataset's name, e.g. shop.orders (default: from the path of the first file)",
    },
    owner: { type: 'string', value: 'NAME', help: 'the team that is responsible for the data' },
    purpose: { type: 'string', value: 'TEXT', help: 'what the data is for, in a sentence' },
    key: {
      type: 'string',
      value: 'COLUMNS',
      help: `the columns that tell records apart, e.g. order_no,line; ${RECORD_KEY} where only a whole record does`,
    },
    partition: {
      type: 'string',
      value: 'COLUMN',
      help: `the date by whose month the table is cut; ${ARRIVAL_NAME} for the month in which files come`,
    },
    'no-run': { type: 'boolean', help: 'write and check the contract, and load nothing' },
    ...LINK_OPTION,
    'sample-mb': { type: 'string', value: 'N', help: 'read at most N megabytes (default: 256)' },
  },
  examples: [
    'assay new dataset downloads/orders.csv --dataset shop.orders',
    "assay new dataset orders.csv --dataset shop.orders --owner shop-data --purpose 'Every order of the shop'",
  ],
  positionals: { min: 1, max: Number.POSITIVE_INFINITY, name: 'FILE' },
  localOnly: 'it makes files on this machine; deploy them afterwards (docs/deploy.md).',
  async run(args, io) {
    const { contractsDir, lakeDir } = locations(args, io);
    const found = await findFiles(args.positionals, { cwd: io.cwd, exclude: lakeDir, links: linksOf(args) });
    const files = found.files.map(({ file }) => file);
    const name = datasetName(args.text('dataset'), files[0] ?? '');
    const proposal = await propose(files, io, { ...name, sampleBytes: sampleBytesOf(args) });
    const lines = args.has('json') ? undefined : io.openLines?.();
    try {
      if (lines !== undefined) io.out(proposalText(proposal, []));
      const decisions = await decide(proposal, { args, io, lines });
      const file = path.join(contractsDir, name.domain, `${name.name}.yaml`);
      const yaml = proposalYaml(decideProposal(proposal, decisions), decisions);
      const left = problemsOf(shownPath(file, io), yaml);
      await writeNew(file, shownPath(file, io), yaml);
      if (!args.has('json')) io.out(`Wrote ${shownPath(file, io)}.`);
      for (const problem of left) io.err(printable(problemText(problem)));
      const made = { args, io, dataset: `${name.domain}.${name.name}`, file, files: args.positionals };
      const wantsRun =
        left.length === 0 &&
        !args.has('no-run') &&
        (lines === undefined ||
          (await confirm(lines, `Load the files into ${shownPath(lakeDir, io)} now?`, io.out)));
      lines?.close();
      const code = left.length > 0 ? EXIT.usage : await firstRun(made, wantsRun);
      finish(made, { proposal, code, wantsRun });
      return code;
    } finally {
      lines?.close();
    }
  },
};

interface Made {
  readonly args: Args;
  readonly io: Io;
  readonly dataset: string;
  readonly file: string;
  readonly files: readonly string[];
}

/** What a person decides: by options, else by answers, else there is no dataset. */
async function decide(
  proposal: Proposal,
  { args, io, lines }: { readonly args: Args; readonly io: Io; readonly lines: LineReader | undefined },
): Promise<Decisions> {
  const { key, partitionColumn } = proposal;
  const missing: string[] = [];
  const answer = async (
    option: string,
    question: string,
    { found, wrong }: { readonly found?: string; readonly wrong?: (text: string) => string | undefined },
  ): Promise<string> => {
    const given = args.text(option);
    const problem = given === undefined ? undefined : wrong?.(given);
    if (problem !== undefined) throw usageError(`--${option} ${given}: ${problem}`);
    if (given !== undefined) return given;
    const otherwise = found === undefined ? {} : { otherwise: found };
    if (lines !== undefined)
      return await ask(
        lines,
        { text: question, ...otherwise, ...(wrong === undefined ? {} : { wrong }) },
        io.out,
      );
    if (found === undefined) missing.push(`--${option} (${question})`);
    return found ?? '';
  };
  const decisions = {
    owner: await answer('owner', 'Which team answers for the data', {}),
    purpose: await answer('purpose', 'What is the data for, in a sentence', {}),
    key: listed(
      await answer('key', 'Which columns tell records apart', {
        found: key.length === 0 ? RECORD_KEY : key.join(','),
        wrong: (text) => wrongKey(proposal, listed(text)),
      }),
    ),
    partitionColumn: await answer('partition', 'By which date is the table cut into months', {
      ...(partitionColumn === undefined ? {} : { found: partitionColumn }),
      wrong: (text) => wrongPartition(proposal, text),
    }),
  };
  if (missing.length > 0)
    throw usageError(
      `Only a person knows this, and there is no terminal to ask on: add ${missing.join(', ')}.`,
    );
  return decisions;
}

const listed = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== '');

/** Checks the contract, makes the lake, brings the files and runs. */
async function firstRun({ args, io, dataset, file, files }: Made, wantsRun: boolean): Promise<ExitCode> {
  const step =
    (command: Command, ...words: string[]) =>
    (): Promise<ExitCode> =>
      runCommand(command, words, { args, io });
  const links = args.has('follow-links') ? ['--follow-links'] : [];
  const load = [
    step(init),
    step(ingest, ...files, '--dataset', dataset, ...links),
    step(run, '--dataset', dataset),
  ];
  return await runInTurn([step(contractsCheck, file), ...(wantsRun ? load : [])]);
}

/** Says what there is to review and what comes next. */
function finish(
  { args, io, dataset, file }: Made,
  {
    proposal,
    code,
    wantsRun,
  }: { readonly proposal: Proposal; readonly code: ExitCode; readonly wantsRun: boolean },
): void {
  const shown = shownPath(file, io);
  const reviews = allNotes(proposal).filter(({ note }) => note.kind === 'review').length;
  if (args.has('json')) {
    io.out(
      JSON.stringify({ dataset, contract: shown, reviews, loaded: wantsRun && code === EXIT.ok }, null, 2),
    );
    return;
  }
  const table = `silver.${dataset.replace('.', '_')}`;
  if (reviews > 0)
    io.out(`\n${shown} has ${reviews} guesses marked REVIEW: read them, and remove the comments.`);
  const next = wantsRun
    ? [
        `query ${quoteArgument(`FROM ${table} LIMIT 10`)}`,
        `new gold ${dataset.split('.')[0]}.monthly --from ${dataset}`,
      ]
    : [`contracts check ${quoteArgument(shown)}`];
  for (const [n, command] of next.entries())
    io.out(`${n === 0 ? 'Next:' : '     '} ${nextCommand(args, io, command)}`);
}
