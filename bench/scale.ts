import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { count, isMain } from './command.ts';
import { measureLargeTable } from './scale/large-table.ts';
import { measureManyFiles } from './scale/many-files.ts';
import { workOn } from './scale/passes.ts';
import { type ScaleOptions, type Section, type Table, toMarkdown } from './scale/section.ts';
import { measureSizes } from './scale/sizes.ts';
import { measureSmallFile } from './scale/small-file.ts';

const USAGE = `Usage: npm run bench:scale -- [options]

How Assay's time and memory grow with the rows, the files and the table. Each measurement is a process of its own.

  --only A,B       sizes, files, small, table (all)
  --full           sizes up to 50 M rows and a table of 100 M: about 25 minutes, and 15 GB of disk at its fullest;
                   without it, up to 10 M and a table of 10 M: about 8 minutes, and 3 GB
  --rows A,B       sizes: data rows of each file (1_000_000,5_000_000,10_000_000; --full: also 20 and 50 M)
  --files N        files: how many, of 100 rows each (10_000)
  --table-rows N   table: rows that are there before (10_000_000; --full: 100_000_000)
  --repeat R       runs of each, the median counts (3; past 10 M rows 1)
  --json FILE      write the tables there, too
  --work DIR       where files and lakes go (bench/out)
  --keep           leave the large tables there; one that is there is used again`;

const ARGUMENTS = {
  only: { type: 'string', default: 'sizes,files,small,table' },
  full: { type: 'boolean', default: false },
  rows: { type: 'string' },
  files: { type: 'string', default: '10_000' },
  'table-rows': { type: 'string' },
  repeat: { type: 'string', default: '3' },
  json: { type: 'string' },
  work: { type: 'string', default: 'bench/out' },
  keep: { type: 'boolean', default: false },
  worker: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;
type Values = ReturnType<typeof parse>['values'];

const parse = () => parseArgs({ options: ARGUMENTS, allowPositionals: true });

const USUAL = { rows: '1_000_000,5_000_000,10_000_000', table: '10_000_000' };
const FULL = { rows: `${USUAL.rows},20_000_000,50_000_000`, table: '100_000_000' };

/** The sections by the names that --only takes, in the order in which they are measured. */
const SECTIONS: Readonly<Record<string, (values: Values, options: ScaleOptions) => Promise<Section>>> = {
  sizes: (values, options) => {
    const rows = values.rows ?? (values.full ? FULL : USUAL).rows;
    return measureSizes(
      rows.split(',').map((text) => count('--rows', text)),
      options,
    );
  },
  files: (values, options) => measureManyFiles(count('--files', values.files), options),
  small: (_, options) => measureSmallFile(options),
  table: (values, options) => {
    const rows = values['table-rows'] ?? (values.full ? FULL : USUAL).table;
    const size = { tableRows: count('--table-rows', rows), newRows: 1_000_000 };
    return measureLargeTable(size, { ...options, keep: values.keep });
  },
};

async function main(): Promise<void> {
  const { values, positionals } = parse();
  if (values.worker !== undefined) return await workOn(values.worker, positionals);
  if (values.help) return console.log(USAGE);
  const names = values.only.split(',');
  const unknown = names.filter((name) => SECTIONS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`--only knows ${Object.keys(SECTIONS).join(', ')}, not '${unknown.join(', ')}'.`);
  const options = {
    directory: resolve(values.work),
    repeat: Math.max(1, count('--repeat', values.repeat)),
  };
  mkdirSync(options.directory, { recursive: true });
  const sections: Section[] = [];
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (names.includes(name)) sections.push(await section(values, options));
  }
  const tables = sections.flatMap((section) => section.tables);
  console.log([...tables, goalTable(sections)].map(toMarkdown).join('\n'));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(sections, null, 2)}\n`);
}

function goalTable(sections: readonly Section[]): Table {
  const goals = sections.flatMap((section) => section.goals);
  const lines = goals.map(({ measure, goal, reached, isMet }) => [
    measure,
    goal,
    reached,
    isMet ? 'yes' : 'no',
  ]);
  return { title: 'Goals', columns: ['measure', 'goal', 'reached', 'met'], lines };
}

if (isMain(import.meta.url)) await main();
