import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAKE_FILE } from '../../adapters/local/lake-folder.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { quoteArgument, shownPath } from '../locations.ts';
import { parseCommandLine } from '../parse-args.ts';
import { usageError } from '../usage-error.ts';
import { contractsCheck } from './contracts-check.ts';
import { ingest } from './ingest.ts';
import { init } from './init.ts';
import { query } from './query.ts';
import { report } from './report.ts';
import { run } from './run.ts';

/** Where contracts, Gold SQL and examples lie: in a clone its root, in the npm package dist/. */
const HOME = fileURLToPath(new URL('../..', import.meta.url));
const PAYMENTS = 'spend.council_payments';
const FAILED =
  'SELECT source_row_number AS row, r.code, r.column, r.rule, r.value FROM (SELECT *, unnest(reasons) AS r FROM quarantine.mortgages_transactions) ORDER BY row, r.code LIMIT 12';

/** `assay demo`: the whole way on real files, as a newcomer would type it. All that it does is a printed command. */
export const demo: Command = {
  name: 'demo',
  usage: '[--lake DIR]',
  description: `Shows the whole way, from dropped CSV files to finance figures, on files that come with Assay: what a city council
published about its spending, and made-up transactions of a bank, two in a hundred of them broken. Each step is a command
that is printed before it runs. The lake is lake/demo unless --lake names another, and is made anew by every demo.`,
  options: {},
  examples: ['assay demo'],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'it works on files of this machine.',
  async run(args, io) {
    if (args.has('json')) throw usageError('demo is for people: leave --json out.');
    const named = args.text('lake') ?? path.join('lake', 'demo');
    const lake = path.resolve(io.cwd, named);
    await makeRoom(lake, args.text('lake') !== undefined);
    io.out(`Assay: from dropped CSV files to finance figures, on this machine, in ${named}.`);
    for (const { what, command, words } of steps(io)) {
      const line = [...command.name.split(' '), ...words, ...places(named, io)];
      io.out(`\n── ${what}\n\n$ ${prefix(io)} ${line.map(quoteArgument).join(' ')}\n`);
      const code = await command.run(parseCommandLine(command, [...words, ...places(named, io)]), io);
      if (code !== EXIT.ok) return code;
    }
    const next = (words: string): string =>
      `  ${prefix(io)} ${words} ${places(named, io).map(quoteArgument).join(' ')}`;
    io.out(`
── What to type next

${next('serve')}
${next('report finance.account_balances --month 2024-03')}
${next('query')}
${next(`snapshots ${PAYMENTS}`)}
${next('runs')}

\`${prefix(io)} new dataset FILE…\` makes a dataset of your own files.`);
    return EXIT.ok;
  },
};

interface Step {
  readonly what: string;
  readonly command: Command;
  readonly words: readonly string[];
}

function steps(io: Io): Step[] {
  const relative = (name: string): string => path.relative(io.cwd, path.join(HOME, 'examples', name));
  const payments = relative('spend/council_payments');
  return [
    { what: 'The contracts say what the files must hold.', command: contractsCheck, words: [] },
    { what: 'A lake is a folder.', command: init, words: [] },
    {
      what: 'What a council published about its spending, as it is: ten spellings, blank records, total rows, an empty file.',
      command: ingest,
      words: [payments, '--dataset', PAYMENTS],
    },
    {
      what: 'And transactions of a bank, made up, two in a hundred of them broken.',
      command: ingest,
      words: [relative('mortgages/transactions'), '--dataset', 'mortgages.transactions'],
    },
    {
      what: 'Every record is tested; what passes is published, what fails is set aside with every reason.',
      command: run,
      words: [],
    },
    { what: 'Finance reads the months.', command: report, words: ['spend.monthly_totals'] },
    { what: 'What failed, and why.', command: query, words: [FAILED] },
    {
      what: 'The same bytes again change no figure.',
      command: ingest,
      words: [path.join(payments, '2012-03.csv'), '--dataset', PAYMENTS],
    },
    { what: 'So there is nothing to do.', command: run, words: ['--dataset', PAYMENTS] },
  ];
}

/** How the command is called where the demo runs: in a clone, and in a folder that has the package, by npx. */
const prefix = (io: Io): string => (isClone(io) || io.env.npm_command === 'exec' ? 'npx assay' : 'assay');

const isClone = (io: Io): boolean => path.join(io.cwd, 'contracts') === path.join(HOME, 'contracts');

/** Where the demo's things are, as far as they are not where a command looks for them anyway. */
function places(lake: string, io: Io): string[] {
  const contracts = path.join(HOME, 'contracts');
  return ['--lake', lake, ...(isClone(io) ? [] : ['--contracts', shownPath(contracts, io)])];
}

/** Removes the lake of an earlier demo; never a folder that a person named. Throws ConfigError where that is there. */
async function makeRoom(lake: string, isNamed: boolean): Promise<void> {
  if (!existsSync(lake)) return;
  if (isNamed || !existsSync(path.join(lake, LAKE_FILE)))
    throw new ConfigError(
      'FOLDER_EXISTS',
      `${lake} is there already, and demo would make it anew: name a folder that isn't there yet.`,
    );
  await rm(lake, { recursive: true });
}
