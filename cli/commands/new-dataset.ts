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
import { type RunPart, runPartOf } from '../new/run-part.ts';
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
    'FILE… [--dataset D] [--owner NAME] [--purpose TEXT] [--key COLUMNS] [--partition COLUMN] [--no-run] [--yes]',
  description: `Makes a dataset of files: proposes a contract as 'assay contracts infer' does, asks what only a person knows (owner, purpose,
and the partition column where none was found), writes it to contracts/<domain>/<name>.yaml, checks it, makes
./lake a lake where it is none, and loads the files: the first run.
Where the proposal leaves lines out of a file (a footer, lines above the header, other sheets), those guesses are printed
before anything is loaded, and a person confirms them.
Where nobody can be asked, because stdin or stdout is no terminal, the options answer; what is missing is said, and
nothing is written. Without --yes nothing is loaded then where lines are left out.`,
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
    yes: {
      type: 'boolean',
      help: 'load without a question, also where the proposal leaves lines of a file out',
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
      const held = args.has('no-run') || left.length > 0 ? undefined : await heldBy(made, proposal, lines);
      lines?.close();
      const wantsRun = left.length === 0 && !args.has('no-run') && held === undefined;
      const first = left.length > 0 ? { code: EXIT.usage } : await firstRun(made, wantsRun ? 'load' : held);
      finish(made, { proposal, wantsRun, held, first });
      return first.code;
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

/** Why nothing is loaded yet: `asked`, a person said no; `unasked`, lines are left out and nobody could say yes. */
type Held = 'asked' | 'unasked';

/** Shows which guesses leave lines out, and asks; undefined where the files are to be loaded. */
async function heldBy(
  { args, io }: Made,
  proposal: Proposal,
  lines: LineReader | undefined,
): Promise<Held | undefined> {
  const guesses = leftOutOf(proposal);
  if (guesses.length > 0 && !args.has('json'))
    io.out(
      ['', 'These guesses leave lines of the files out:', ...guesses.map((text) => `  ${text}`), ''].join(
        '\n',
      ),
    );
  if (args.has('yes')) return undefined;
  if (lines === undefined) return guesses.length > 0 ? 'unasked' : undefined;
  const without = guesses.length > 0 ? ', without those lines' : '';
  const question = `Load the files into ${shownPath(locations(args, io).lakeDir, io)} now${without}?`;
  return (await confirm(lines, question, io.out)) ? undefined : 'asked';
}

const leftOutOf = (proposal: Proposal): string[] =>
  allNotes(proposal).flatMap(({ note }) => (note.leavesOut === true ? [printable(note.text)] : []));

/** What the first run came to: of the run itself only with --json, which prints it. */
interface FirstRun {
  readonly code: ExitCode;
  readonly run?: RunPart;
}

/** Checks the contract; makes the lake, also where a person loads later; brings the files and runs. */
async function firstRun(
  { args, io, dataset, file, files }: Made,
  what: 'load' | Held | undefined,
): Promise<FirstRun> {
  const step =
    (command: Command, ...words: string[]) =>
    (): Promise<ExitCode> =>
      runCommand(command, words, { args, io });
  const links = args.has('follow-links') ? ['--follow-links'] : [];
  const code = await runInTurn([
    step(contractsCheck, file),
    ...(what === 'load' || what === 'unasked' ? [step(init)] : []),
    ...(what === 'load' ? [step(ingest, ...files, '--dataset', dataset, ...links)] : []),
  ]);
  if (code !== EXIT.ok || what !== 'load') return { code };
  if (!args.has('json')) return { code: await step(run, '--dataset', dataset)() };
  const printed: string[] = [];
  const inner = { args, io: { ...io, out: (line: string) => void printed.push(line) } };
  const ran = await runCommand(run, ['--dataset', dataset, '--json'], { ...inner, isQuiet: false });
  return { code: ran, ...runPartOf(printed.join('\n')) };
}

/** Prints what to review and what comes next. */
function finish(
  made: Made,
  {
    proposal,
    wantsRun,
    held,
    first,
  }: {
    readonly proposal: Proposal;
    readonly wantsRun: boolean;
    readonly held: Held | undefined;
    readonly first: FirstRun;
  },
): void {
  const { args, io, dataset, file, files } = made;
  const shown = shownPath(file, io);
  const reviews = allNotes(proposal).filter(({ note }) => note.kind === 'review').length;
  const links = args.has('follow-links') ? ' --follow-links' : '';
  const load = [
    `ingest ${files.map(quoteArgument).join(' ')} --dataset ${dataset}${links}`,
    `run --dataset ${dataset}`,
  ].map((command) => nextCommand(args, io, command));
  if (args.has('json')) {
    const why =
      held === 'unasked'
        ? [
            `The proposal leaves lines of the files out, and there was no terminal to ask on: review ${shown}, then load them, or give --yes.`,
          ]
        : args.has('no-run')
          ? ['--no-run was given.']
          : [];
    const { runId, status, why: told } = first.run ?? { runId: null, status: null, why };
    const loaded = wantsRun && first.code === EXIT.ok;
    const answer = {
      dataset,
      contract: shown,
      reviews,
      leavesOut: leftOutOf(proposal),
      loaded,
      runId,
      status,
      why: told,
      next: held === 'unasked' ? load : [],
    };
    io.out(JSON.stringify(answer, null, 2));
    return;
  }
  const table = `silver.${dataset.replace('.', '_')}`;
  if (reviews > 0)
    io.out(`\n${shown} has ${reviews} guesses marked REVIEW: read them, and remove the comments.`);
  if (held === 'unasked')
    io.out(
      'Nothing was loaded: lines would be left out, and there is no terminal to ask on. After your review:',
    );
  const next = wantsRun
    ? [
        `query ${quoteArgument(`FROM ${table} LIMIT 10`)}`,
        `new gold ${dataset.split('.')[0]}.monthly --from ${dataset}`,
      ].map((command) => nextCommand(args, io, command))
    : held === 'unasked'
      ? load
      : [nextCommand(args, io, `contracts check ${quoteArgument(shown)}`)];
  for (const [n, command] of next.entries()) io.out(`${n === 0 ? 'Next:' : '     '} ${command}`);
}
