import { parseArgs } from 'node:util';
import { count, isMain } from '../../bench/command.ts';
import { DIALECTS } from './dialects.ts';
import { type Failure, fuzz, replay } from './fuzz.ts';

const USAGE = `Usage: npm run fuzz -- [options]

Makes CSV files from well formed to thoroughly broken, lets the pipeline read them, and compares every record's
verdict, reasons, values and hash with an oracle's. A failing file is shrunk and shown.

  --cases N      files to make (20_000)
  --seed S       seed of the files (1)
  --path P       only the case at this path, as a failure names it
  --help         this text

Exit codes: 0 every case passed, 1 one failed.`;

const ARGUMENTS = {
  cases: { type: 'string', default: '20_000' },
  seed: { type: 'string', default: '1' },
  path: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** The bytes as a text of one line: printable ASCII as it is, everything else as an escape; long runs cut short. */
function shown(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1')).replace(
    /[\x7f-\xff]/g,
    (sign) => `\\x${sign.charCodeAt(0).toString(16)}`,
  );
  return text.replace(/(.)\1{99,}/g, (run, sign: string) => `${sign}{${run.length} times}`);
}

function describe({ path, problem, case: one, bytes }: Failure, seed: number): string {
  const dialect = DIALECTS[one.dialect];
  return [
    `FAILED: ${problem}`,
    '',
    `Dialect ${dialect?.dataset}: ${JSON.stringify(dialect?.contract.csv)}`,
    `File (${one.packing}, one character a byte): ${shown(bytes)}`,
    '',
    `Replay: npm run fuzz -- --seed ${seed} --path ${path}`,
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: ARGUMENTS });
  if (values.help) return console.log(USAGE);
  const [seed, cases] = [count('--seed', values.seed), count('--cases', values.cases)];
  const startMs = performance.now();
  const seconds = (): string => ((performance.now() - startMs) / 1000).toFixed(0);
  const failure =
    values.path === undefined
      ? await fuzz({
          seed,
          cases,
          progress: (done) => console.error(`${done} of ${cases} cases, ${seconds()} s`),
        })
      : await replay({ seed, path: values.path });
  if (failure !== undefined) {
    console.log(describe(failure, seed));
    process.exitCode = 1;
    return;
  }
  const what = values.path === undefined ? `${cases} cases of seed ${seed}` : `the case at ${values.path}`;
  console.log(`${what} passed in ${seconds()} s`);
}

if (isMain(import.meta.url)) await main();
