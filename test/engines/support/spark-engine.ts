import type { EngineTable } from './lake.ts';
import type { Answer, Reader } from './reader.ts';
import { conditionOf } from './reading.ts';
import { register } from './rest-catalog.ts';
import type { WritingEngine } from './writing.ts';

/** Spark over a REST catalog. */
export interface SparkEngine extends WritingEngine {
  ask(sql: string): Promise<Answer>;
}

const moment = (day: string): string => `TIMESTAMP '${day} 00:00:00'`;

/** Spark behind a reader, with the tables registered under namespaces that begin with `prefix`. */
export async function sparkEngine(
  reader: Reader,
  {
    rest,
    prefix,
    tables,
  }: { readonly rest: string; readonly prefix: string; readonly tables: readonly EngineTable[] },
): Promise<SparkEngine> {
  for (const table of tables) await register(rest, { ...table, namespace: `${prefix}${table.namespace}` });
  const ask = (sql: string): Promise<Answer> => reader.rows({ sql });
  const inCatalog = ({ namespace, name }: EngineTable): string => `${prefix}${namespace}.${name}`;
  const nameOf = (table: EngineTable): string => `lake.${inCatalog(table)}`;
  return {
    ask,
    read: (table, snapshot) =>
      ask(`SELECT * FROM ${nameOf(table)}${snapshot === undefined ? '' : ` VERSION AS OF ${snapshot}`}`),
    readTagged: (table, tag) => ask(`SELECT * FROM ${nameOf(table)} VERSION AS OF '${tag}'`),
    async plannedFiles(table, filter) {
      const { files } = await ask(`SELECT * FROM ${nameOf(table)} WHERE ${conditionOf(filter, moment)}`);
      return files ?? 0;
    },
    async append(table, condition) {
      await ask(`INSERT INTO ${nameOf(table)} SELECT * FROM ${nameOf(table)} WHERE ${condition}`);
    },
    async remove(table, condition) {
      await ask(`DELETE FROM ${nameOf(table)} WHERE ${condition}`);
    },
    async change(table, { column, value, condition }) {
      await ask(`UPDATE ${nameOf(table)} SET ${column} = '${value}' WHERE ${condition}`);
    },
    async rewrite(table) {
      const options = "options => map('rewrite-all', 'true')";
      await ask(`CALL lake.system.rewrite_data_files(table => '${inCatalog(table)}', ${options})`);
      await ask(`CALL lake.system.rewrite_manifests(table => '${inCatalog(table)}')`);
    },
    async expire(table) {
      const all = "older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 1";
      await ask(`CALL lake.system.expire_snapshots(table => '${inCatalog(table)}', ${all})`);
    },
    async metadataOf(table) {
      const log = `${nameOf(table)}.metadata_log_entries`;
      const { rows } = await ask(`SELECT file FROM ${log} ORDER BY timestamp DESC LIMIT 1`);
      return String(rows[0]?.[0]);
    },
    async snapshotsOf(table) {
      return Number((await ask(`SELECT count(*) FROM ${nameOf(table)}.snapshots`)).rows[0]?.[0]);
    },
  };
}
