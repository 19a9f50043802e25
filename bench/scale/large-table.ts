import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initLake } from '../../adapters/local/lake.ts';
import { generateFile } from '../generate.ts';
import { type Pass, runPasses } from './passes.ts';
import {
  compareStages,
  longestTable,
  medianPass,
  multiple,
  type ScaleOptions,
  type Section,
  seconds,
  whole,
} from './section.ts';

/** The table comes about in so many runs, each of months of its own, with ascending keys. */
const RUNS = 10;
const MONTHS_PER_RUN = 5;
const MONTHS = RUNS * MONTHS_PER_RUN;

const NEWEST = { firstMonth: MONTHS - 1, months: 1 } as const;
const ALL = { firstMonth: 0, months: MONTHS } as const;

/**
 * What is added. A month's drop is the usual, records of every month the worst. Ascending keys are past those of the
 * table, so that a file's bounds tell that it has none of them; keys in no order are from a range that holds the table's,
 * so that bounds tell nothing and every key of the months has to be compared.
 */
const ADDITIONS = [
  { words: 'of the newest month, ascending keys', spread: { ...NEWEST, keys: 'ascending' } },
  { words: 'of the newest month, keys in no order', spread: { ...NEWEST, keys: 'scattered' } },
  { words: 'of all months, ascending keys', spread: { ...ALL, keys: 'ascending' } },
  { words: 'of all months, keys in no order', spread: { ...ALL, keys: 'scattered' } },
] as const;
type Addition = (typeof ADDITIONS)[number];

/** How large the table is, and what it gets. */
export interface LargeTable {
  readonly tableRows: number;
  readonly newRows: number;
}

/** Adds a file to a table that holds many records already, against the same file into a new table. */
export async function measureLargeTable(
  size: LargeTable,
  options: ScaleOptions & { readonly keep: boolean },
): Promise<Section> {
  const table = await openTable(size.tableRows, options.directory);
  const sections: Section[] = [];
  try {
    for (const addition of ADDITIONS) sections.push(await compare({ table, addition, size }, options));
  } finally {
    if (!options.keep) rmSync(table.folder, { recursive: true, force: true });
  }
  return {
    tables: sections.flatMap(({ tables }) => tables),
    goals: sections.flatMap(({ goals }) => goals),
  };
}

/** A lake whose table is whole. */
interface BuiltTable {
  readonly folder: string;
  readonly lake: string;
  /** A row number that no record has yet; so many are taken from then on. */
  takeRows(count: number): number;
}

/** Builds the table, unless a whole one is there: ten runs, each of months of its own. */
async function openTable(rows: number, directory: string): Promise<BuiltTable> {
  const folder = join(directory, `table-${rows}`);
  const lake = join(folder, 'lake');
  const marker = join(folder, 'rows.json');
  if (!existsSync(marker)) {
    rmSync(folder, { recursive: true, force: true });
    await initLake(lake);
    const rowsPerRun = rows / RUNS;
    for (let run = 0; run < RUNS; run++) {
      const spread = { firstMonth: run * MONTHS_PER_RUN, months: MONTHS_PER_RUN };
      const file = join(folder, `run-${run}.csv`);
      generateFile({ rows: rowsPerRun, seed: run, firstRow: run * rowsPerRun, ...spread }, file);
      const [pass] = await runPasses(lake, [file]);
      console.error(`${file}: ${whole(rowsPerRun)} rows in ${seconds(pass?.durationMs ?? 0)} s`);
      rmSync(file);
    }
    writeFileSync(marker, JSON.stringify(rows));
  }
  return {
    folder,
    lake,
    takeRows(count) {
      const first = Number(JSON.parse(readFileSync(marker, 'utf8')));
      writeFileSync(marker, JSON.stringify(first + count));
      return first;
    },
  };
}

/** One addition to one table. */
interface Comparison {
  readonly table: BuiltTable;
  readonly addition: Addition;
  readonly size: LargeTable;
}

async function compare({ table, addition, size }: Comparison, { repeat }: ScaleOptions): Promise<Section> {
  const empty = join(table.folder, 'empty');
  const passes = { empty: [] as Pass[], large: [] as Pass[] };
  for (let i = 0; i < repeat; i++) {
    const firstRow = table.takeRows(size.newRows);
    const file = join(table.folder, `new-${firstRow}.csv`);
    try {
      const { silver } = generateFile(
        { rows: size.newRows, seed: firstRow, firstRow, ...addition.spread },
        file,
      );
      rmSync(empty, { recursive: true, force: true });
      await initLake(empty);
      passes.empty.push(...(await runPasses(empty, [file])));
      passes.large.push(...(await runPasses(table.lake, [file])));
      const last = passes.large.at(-1);
      if (last?.silver !== silver) throw new Error(`${last?.silver} of ${silver} records went to Silver.`);
      console.error(
        `${addition.words}: ${seconds(passes.empty.at(-1)?.durationMs ?? 0)} s into an empty table, ` +
          `${seconds(last.durationMs)} s into the large one`,
      );
    } finally {
      rmSync(file, { force: true });
      rmSync(empty, { recursive: true, force: true });
    }
  }
  const [small, large] = [medianPass(passes.empty), medianPass(passes.large)];
  const title = `${whole(size.newRows)} rows ${addition.words}`;
  const columns = { 'empty table': small.stages, [`${whole(size.tableRows)} rows`]: large.stages };
  return {
    tables: [compareStages(title, columns), longestTable('What took longest with the large one', large)],
    goals: [
      multiple(
        `${title}, added to ${whole(size.tableRows)}, against an empty table (time)`,
        large.durationMs / small.durationMs,
        1.5,
      ),
    ],
  };
}
