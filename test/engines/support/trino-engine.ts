import path from 'node:path';
import type { EngineTable } from './lake.ts';
import type { Answer, Reader } from './reader.ts';
import { conditionOf } from './reading.ts';
import type { WritingEngine } from './writing.ts';

/** A catalog of a Trino: `files` or `rest`. */
export interface TrinoCatalog extends WritingEngine {
  readonly catalog: string;
  ask(sql: string): Promise<Answer>;
  /** How many data files Trino plans to read where a condition in its SQL holds. */
  planned(table: EngineTable, condition: string): Promise<number>;
  /** Makes the tables known, by Trino's own procedure. */
  register(tables: readonly EngineTable[]): Promise<void>;
}

/** A table's name, or that of one of its metadata tables. */
const nameOf = ({ namespace, name }: EngineTable, part = ''): string => `${namespace}."${name}${part}"`;

const moment = (day: string): string => `TIMESTAMP '${day} 00:00:00 UTC'`;

/** A catalog of the Trino behind a reader. */
export function trinoCatalog(reader: Reader, catalog: string): TrinoCatalog {
  const ask = (sql: string): Promise<Answer> => reader.rows({ sql, catalog });
  const planned = async (table: EngineTable, condition: string): Promise<number> => {
    const plan = await ask(`EXPLAIN ANALYZE VERBOSE SELECT * FROM ${nameOf(table)} WHERE ${condition}`);
    const files = /'dataFiles' = LongCount\{total=(\d+)\}/.exec(String(plan.rows[0]?.[0]))?.[1];
    return Number(files ?? 0);
  };
  return {
    catalog,
    ask,
    async register(tables) {
      for (const namespace of new Set(tables.map((table) => table.namespace)))
        await ask(`CREATE SCHEMA IF NOT EXISTS ${namespace}`);
      for (const { namespace, name, location, metadataLocation } of tables) {
        const values = [namespace, name, location, path.basename(metadataLocation)];
        await ask(`CALL system.register_table(${values.map((value) => `'${value}'`).join(', ')})`);
      }
    },
    read: (table, snapshot) =>
      ask(`SELECT * FROM ${nameOf(table)}${snapshot === undefined ? '' : ` FOR VERSION AS OF ${snapshot}`}`),
    readTagged: (table, tag) => ask(`SELECT * FROM ${nameOf(table)} FOR VERSION AS OF '${tag}'`),
    plannedFiles: (table, filter) => planned(table, conditionOf(filter, moment)),
    planned,
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
      await ask(`ALTER TABLE ${nameOf(table)} EXECUTE optimize`);
      await ask(`ALTER TABLE ${nameOf(table)} EXECUTE optimize_manifests`);
    },
    async expire(table) {
      await ask(`ALTER TABLE ${nameOf(table)} EXECUTE expire_snapshots(retention_threshold => '0s')`);
    },
    async metadataOf(table) {
      const log = nameOf(table, '$metadata_log_entries');
      const { rows } = await ask(`SELECT file FROM ${log} ORDER BY timestamp DESC LIMIT 1`);
      return String(rows[0]?.[0]);
    },
    async snapshotsOf(table) {
      const { rows } = await ask(`SELECT count(*) FROM ${nameOf(table, '$snapshots')}`);
      return Number(rows[0]?.[0]);
    },
  };
}
