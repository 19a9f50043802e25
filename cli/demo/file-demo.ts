import path from 'node:path';
import type { Args } from '../command.ts';
import { contractsCheck } from '../commands/contracts-check.ts';
import { ingest } from '../commands/ingest.ts';
import { init } from '../commands/init.ts';
import { query } from '../commands/query.ts';
import { report } from '../commands/report.ts';
import { run } from '../commands/run.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { quoteArgument } from '../locations.ts';
import { examplePath, openDemoPlace } from './demo-place.ts';
import { playSteps, type Step } from './play-steps.ts';

const PAYMENTS = 'spend.council_payments';
const FAILED =
  'SELECT source_row_number AS row, r.code, r.column, r.rule, r.value FROM (SELECT *, unnest(reasons) AS r FROM quarantine.mortgages_transactions) ORDER BY row, r.code LIMIT 12';

/** `assay demo`: from dropped files to finance figures. */
export async function playFileDemo(args: Args, io: Io): Promise<ExitCode> {
  const place = await openDemoPlace(args, io, { lake: path.join('lake', 'demo'), contracts: 'contracts' });
  io.out(`Assay: from dropped CSV files to finance figures, on this machine, in ${place.lake}.`);
  const code = await playSteps(steps(io), place, io);
  if (code !== EXIT.ok) return code;
  const next = (words: string): string =>
    `  ${place.prefix} ${words} ${place.options.map(quoteArgument).join(' ')}`;
  io.out(`
── What to type next

${next('serve')}
${next('report finance.account_balances --month 2024-03')}
${next('query')}
${next(`snapshots ${PAYMENTS}`)}
${next('runs')}

\`${place.prefix} new dataset FILE…\` makes a dataset of your own files; \`${place.prefix} demo --stream\` shows the same for events.`);
  return EXIT.ok;
}

function steps(io: Io): Step[] {
  const payments = examplePath('spend/council_payments', io);
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
      words: [examplePath('mortgages/transactions', io), '--dataset', 'mortgages.transactions'],
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
