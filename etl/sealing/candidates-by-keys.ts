import { join } from 'node:path';
import { duckType } from '../contract/duck-type.ts';
import { keyColumns } from '../contract/record-key.ts';
import { type Engine, integerOf, readParquet, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { keyHashSql, sortedKeysSql } from '../refining/chunk-keys.ts';
import { schemaColumns } from '../table/fields.ts';
import { currentSchema } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';
import type { CandidateSearch, Candidates } from './candidates.ts';
import { rivalsOf } from './candidates-in-files.ts';
import { openRunKeys, type RunKeys } from './run-keys.ts';

/** How much is done at once. */
export interface KeyLimits {
  /** Keys that are compared in one pass: so few that they fit into a small worker's memory. */
  readonly passRecords: number;
  /** Rows that are judged at once. */
  readonly groupRecords: number;
}

const LIMITS: KeyLimits = { passRecords: 4_000_000, groupRecords: 2_000_000 };

/** Files, and how many of their rows have a key that stands twice. */
interface Contested {
  readonly files: readonly DataFile[];
  readonly rows: number;
}

/**
 * Candidates by the hashes of their keys: first which hashes stand twice in the run, or in the run and in the base; then
 * only the rows that have them, from only the files that hold such. Of Silver's files, the run's and the base's, only as
 * much lies on the local disk at once as `held` allows, however many there are.
 */
export async function* candidatesByKeys(
  search: CandidateSearch,
  limits = LIMITS,
): AsyncGenerator<Candidates> {
  const { run, base } = await findContested(search, limits);
  for (const group of passes(run.rows + base.rows, limits.groupRecords)) {
    const fresh = await gather(search, { into: 'fresh_found', files: run.files, group });
    const among = await equalKeys(search);
    const standing = base.files.length === 0 ? undefined : 'standing_found';
    if (standing !== undefined)
      await gather(search, { into: standing, files: base.files, group, condition: search.standing });
    if (fresh > 0) yield { fresh: 'fresh_found', standing, among };
  }
}

/** Makes the table `contested_keys` (h$), and finds the files that hold rows with such keys. */
async function findContested(
  search: CandidateSearch,
  { passRecords }: KeyLimits,
): Promise<{ run: Contested; base: Contested }> {
  const { engine } = search;
  const keys = await openRunKeys(search);
  try {
    await engine.run('CREATE OR REPLACE TEMP TABLE contested_keys (h$ UBIGINT)');
    const each = passes(keys.records, passRecords);
    for (const pass of each)
      await engine.run(
        `INSERT INTO contested_keys SELECT h$ FROM ${keys.from} WHERE ${pass('h$')} GROUP BY h$ HAVING count(*) > 1`,
      );
    const base = await findShared(search, { keys, each });
    return { run: await findInRun(engine, keys), base };
  } finally {
    await keys.letGo();
  }
}

/** Adds the keys that rows of the base have, too; returns the base's files with such rows. */
async function findShared(
  search: CandidateSearch,
  { keys, each }: { readonly keys: RunKeys; readonly each: readonly Pass[] },
): Promise<Contested> {
  const { engine, held } = search;
  const found: DataFile[] = [];
  let rows = 0;
  for (const batch of held.batches(rivalsOf(search, search.files))) {
    const paths = await held.paths(batch);
    const old = `(SELECT *, ${storedKeyHash(search)} AS h$ FROM read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false, filename = 'filename$') AS old WHERE ${search.standing})`;
    await findSharedIn(search, { keys, each, old });
    const holding = await engine.rows(
      `SELECT filename$ AS path, count(*) AS n FROM ${old} WHERE h$ IN (SELECT h$ FROM shared_keys) GROUP BY ALL`,
    );
    const files = new Map(paths.map((path, n) => [path, batch[n]]));
    for (const row of holding) {
      found.push(...[files.get(textOf(row, 'path'))].filter((file) => file !== undefined));
      rows += integerOf(row, 'n');
    }
    if (holding.length > 0) await engine.run('INSERT INTO contested_keys SELECT h$ FROM shared_keys');
  }
  return { files: found, rows };
}

/** Makes the table `shared_keys` (h$): keys of the run that rows of `old` have. For several passes these are read once, and their hashes sorted. */
async function findSharedIn(
  { engine, scratch }: CandidateSearch,
  { keys, each, old }: { readonly keys: RunKeys; readonly each: readonly Pass[]; readonly old: string },
): Promise<void> {
  const path = join(scratch.directory, 'base-keys.parquet');
  const isSorted = each.length > 1;
  if (isSorted) await engine.run(sortedKeysSql(`SELECT h$ FROM ${old}`, path));
  const theirs = isSorted ? readParquet([path]) : old;
  await engine.run('CREATE OR REPLACE TEMP TABLE shared_keys (h$ UBIGINT)');
  for (const pass of each)
    await engine.run(
      `INSERT INTO shared_keys SELECT h$ FROM ${keys.from} WHERE ${pass('h$')}
       INTERSECT SELECT h$ FROM ${theirs} WHERE ${pass('h$')}`,
    );
  if (isSorted) await scratch.remove(path);
}

async function findInRun(engine: Engine, keys: RunKeys): Promise<Contested> {
  const holding = await engine.rows(
    `SELECT filename, file$ AS file, count(*) AS n FROM ${keys.from} WHERE h$ IN (SELECT h$ FROM contested_keys) GROUP BY ALL`,
  );
  const places = holding.map((row) => ({ filename: textOf(row, 'filename'), file: integerOf(row, 'file') }));
  const rows = holding.reduce((sum, row) => sum + integerOf(row, 'n'), 0);
  return { files: keys.filesOf(places), rows };
}

/** Which rows are gathered, and where. */
interface Gathering {
  readonly into: string;
  readonly files: readonly DataFile[];
  readonly group: Pass;
  /** On a row (`old`). */
  readonly condition?: string;
}

/** Makes a table of whole rows with contested keys; returns how many. */
async function gather(
  { engine, contract, table, held }: CandidateSearch,
  { into, files, group, condition = 'true' }: Gathering,
): Promise<number> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${into} AS ${tableRowsSql(table, [])}`);
  const hash = keyHashSql(contract, 'old');
  for (const batch of held.batches(files))
    await engine.run(
      `INSERT INTO ${into} SELECT * FROM (${tableRowsSql(table, await held.paths(batch))}) AS old
       WHERE ${condition} AND ${hash} IN (SELECT h$ FROM contested_keys WHERE ${group('h$')})`,
    );
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM ${into}`);
  return integerOf(row, 'n');
}

/** The condition under which a record of `fresh_found` may have the key of another one; undefined where none has. */
async function equalKeys({ engine, contract }: CandidateSearch): Promise<string | undefined> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS SELECT ${keyHashSql(contract)} AS h$ FROM fresh_found GROUP BY h$ HAVING count(*) > 1`,
  );
  const [row] = await engine.rows('SELECT count(*) > 0 AS some FROM repeated');
  return row?.some === true ? `${keyHashSql(contract, 'records')} IN (SELECT h$ FROM repeated)` : undefined;
}

/** The hash of a key in stored files, whose types may be of before: as it is by the table's types of now. */
function storedKeyHash({ contract, table }: CandidateSearch): string {
  const types = new Map(schemaColumns(currentSchema(table.metadata)).map(({ name, type }) => [name, type]));
  const columns = keyColumns(contract).map((name) => {
    const type = types.get(name);
    return type === undefined
      ? `old.${identifier(name)}`
      : `CAST(old.${identifier(name)} AS ${duckType(type)})`;
  });
  return `hash(${columns.join(', ')})`;
}

/** A condition on a hash. */
type Pass = (hash: string) => string;

/**
 * Conditions that split rows by the hashes of their keys, with about so many at most in each: ranges, so that where hashes
 * are sorted each pass reads its own part alone.
 */
function passes(rows: number, most: number): Pass[] {
  const count = BigInt(Math.max(1, Math.ceil(rows / most)));
  if (count === 1n) return [() => 'true'];
  const start = (n: bigint): bigint => (HASHES * n) / count;
  return Array.from({ length: Number(count) }, (_, n) => {
    const [first, last] = [start(BigInt(n)), start(BigInt(n) + 1n) - 1n];
    return (hash: string) => `${hash} BETWEEN CAST(${first} AS UBIGINT) AND CAST(${last} AS UBIGINT)`;
  });
}

/** How many hashes there are. */
const HASHES = 2n ** 64n;
