import { duckType } from '../contract/duck-type.ts';
import { keyColumns } from '../contract/record-key.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { keyHashSql } from '../refining/chunk-keys.ts';
import { schemaColumns } from '../table/fields.ts';
import { currentSchema } from '../table/metadata.ts';
import type { DataFile } from '../table/schema.ts';
import type { CandidateSearch, Candidates } from './candidates.ts';
import { rivalsOf } from './candidates-in-files.ts';
import { openRunKeys, type RunKeys } from './run-keys.ts';

/** How much is done at once. */
export interface KeyLimits {
  /** Keys that are compared in one pass: so few that they fit into a worker's memory. */
  readonly passRecords: number;
  /** Rows that are judged at once. */
  readonly groupRecords: number;
}

const LIMITS: KeyLimits = { passRecords: 10_000_000, groupRecords: 2_000_000 };

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
    const old = `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true, hive_partitioning = false, filename = 'filename$') AS old`;
    const hash = storedKeyHash(search);
    await engine.run('CREATE OR REPLACE TEMP TABLE shared_keys (h$ UBIGINT)');
    for (const pass of each)
      await engine.run(
        `INSERT INTO shared_keys SELECT h$ FROM ${keys.from} WHERE ${pass('h$')}
         INTERSECT SELECT ${hash} FROM ${old} WHERE ${search.standing} AND ${pass(hash)}`,
      );
    const holding = await engine.rows(
      `SELECT filename$ AS path, count(*) AS n FROM ${old} WHERE ${search.standing} AND ${hash} IN (SELECT h$ FROM shared_keys) GROUP BY ALL`,
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

/** Conditions that split rows by the hashes of their keys, with about so many at most in each. */
function passes(rows: number, most: number): Pass[] {
  const count = Math.max(1, Math.ceil(rows / most));
  if (count === 1) return [() => 'true'];
  return Array.from({ length: count }, (_, n) => (hash: string) => `${hash} % ${count} = ${n}`);
}
