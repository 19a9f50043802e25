import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { isMain } from '../../bench/command.ts';
import { type PrintedColumn, table } from '../../cli/print/table.ts';
import { LIMITS, pollutionMatrix } from './matrix.ts';
import { type KindResult, measurePollution } from './measure.ts';

const USAGE = `Usage: npm run pollution [-- options]

Makes thousands of CSV files with one defect each, lets the pipeline read them, and reports for each kind of defect
what became of their records.

  --json FILE    write the results there, too, with every finding
  --help         this text

'rejected whole' are files that were not read, or set aside, with one reason; 'lost' are records without any trace;
'shifted' are records in Silver with values that are not their own; 'valid' are records of files that were read in which
the defect does not lie, and 'kept' how many of them came to Silver with every value.

Exit codes: 0 no goal is missed but for the limits that are named, 1 one is.`;

const ARGUMENTS = {
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const COLUMNS: readonly PrintedColumn[] = [
  { name: 'defect' },
  ...['files', 'crashes', 'rejected whole', 'records', 'lost', 'shifted', 'valid', 'kept'].map(
    (name): PrintedColumn => ({ name, align: 'right' }),
  ),
];

function lineOf(result: Omit<KindResult, 'findings'>): string[] {
  const { kind, files, crashes, rejected, records, lost, shifted, valid, kept } = result;
  const share = valid === 0 ? '-' : kept === valid ? '100 %' : `${((kept / valid) * 100).toFixed(2)} %`;
  return [
    kind,
    ...[files, crashes, rejected, records, lost, shifted, valid].map((n) => n.toLocaleString('en')),
    share,
  ];
}

function totalOf(results: readonly KindResult[]): Omit<KindResult, 'findings'> {
  const sum = (name: Exclude<keyof KindResult, 'kind' | 'findings'>): number =>
    results.reduce((all, result) => all + result[name], 0);
  return {
    kind: 'all',
    files: sum('files'),
    crashes: sum('crashes'),
    rejected: sum('rejected'),
    records: sum('records'),
    lost: sum('lost'),
    shifted: sum('shifted'),
    valid: sum('valid'),
    kept: sum('kept'),
  };
}

/** Whether something crashed, or a record was lost, shifted where it could be told, or not kept. */
function missesGoal({ kind, crashes, lost, shifted, valid, kept }: KindResult): boolean {
  return crashes > 0 || lost > 0 || kept < valid || (shifted > 0 && !LIMITS.has(kind));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: ARGUMENTS });
  if (values.help) return console.log(USAGE);
  const startMs = performance.now();
  const files = pollutionMatrix();
  const results = await measurePollution(files, (done) => console.error(`${done} of ${files.length} files`));
  const seconds = Math.round((performance.now() - startMs) / 1000);
  const total = totalOf(results);
  console.log(table(COLUMNS, [...results.map(lineOf), lineOf(total)], { maxCell: 80 }));
  console.log(`\n${files.length} files in ${seconds} s`);
  for (const [kind, why] of LIMITS) console.log(`\n${kind}: ${why}`);
  if (values.json !== undefined) {
    const machine = { cpu: cpus()[0]?.model ?? 'unknown', threads: cpus().length, node: process.version };
    writeFileSync(values.json, `${JSON.stringify({ machine, seconds, total, results }, null, 2)}\n`);
  }
  if (results.some(missesGoal)) process.exitCode = 1;
}

if (isMain(import.meta.url)) await main();
