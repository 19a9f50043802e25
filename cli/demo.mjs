// `npm run demo`: the whole way on real files, as a newcomer would type it. Everything it does is a printed command.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lake = 'lake/demo';

/** Says what comes, prints the command, runs it; a command that fails ends the demo with its exit code. */
function step(what, ...args) {
  console.log(
    `\n── ${what}\n\n$ npx assay ${args.map((arg) => (/^[\w./=-]+$/.test(arg) ? arg : `"${arg}"`)).join(' ')}\n`,
  );
  const { status } = spawnSync(process.execPath, [join(root, 'cli/assay.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 3);
}

rmSync(join(root, lake), { recursive: true, force: true });
console.log(
  `Assay: from dropped CSV files to finance figures, on this machine, in ${lake}/ (made anew by every demo).`,
);
step('The contracts say what the files must hold.', 'contracts', 'check');
step('A lake is a folder.', 'init', '--lake', lake);
step(
  'What a council published about its spending, as it is: ten spellings, blank records, total rows, an empty file.',
  ...['ingest', 'examples/spend/council_payments', '--dataset', 'spend.council_payments', '--lake', lake],
);
step(
  'And transactions of a bank, made up, two in a hundred of them broken.',
  ...['ingest', 'examples/mortgages/transactions', '--dataset', 'mortgages.transactions', '--lake', lake],
);
step(
  'Every record is tested; what passes is published, what fails is set aside with every reason.',
  'run',
  '--lake',
  lake,
);
step('Finance reads the months.', 'report', 'spend.monthly_totals', '--lake', lake);
step(
  'What failed, and why.',
  'query',
  'SELECT source_row_number AS row, r.code, r.column, r.rule, r.value FROM (SELECT *, unnest(reasons) AS r FROM quarantine.mortgages_transactions) ORDER BY row, r.code LIMIT 12',
  '--lake',
  lake,
);
step(
  'The same bytes again change no figure.',
  ...[
    'ingest',
    'examples/spend/council_payments/2012-03.csv',
    '--dataset',
    'spend.council_payments',
    '--lake',
    lake,
  ],
);
step('So there is nothing to do.', 'run', '--dataset', 'spend.council_payments', '--lake', lake);
console.log(`
── What to type next

  npx assay report finance.account_balances --month 2024-03 --lake ${lake}
  npx assay query "SELECT supplier_name, sum(net_amount) AS net FROM silver.spend_council_payments GROUP BY ALL ORDER BY net DESC LIMIT 10" --lake ${lake}
  npx assay snapshots spend.council_payments --lake ${lake}
  npx assay runs --lake ${lake}

docs/contracts.md adds a dataset of your own; docs/cli.md has every command.`);
