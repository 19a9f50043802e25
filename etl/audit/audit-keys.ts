import type { SourceContract } from '../contract/contract.ts';
import { isByRecord } from '../contract/record-key.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';
import { setsFolder } from '../naming/runs.ts';
import type { Effects, SetEngine } from '../ports.ts';
import { isPortableKey } from '../sealing/candidates-by-sets.ts';
import { setColumns } from '../sets/set-columns.ts';
import { setRows } from '../sets/set-rows.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';
import type { Problem } from './problem.ts';
import { withAnswers } from './with-answers.ts';

/** What auditing a dataset's keys works with. */
export interface KeysAudit {
  readonly engine: Engine;
  readonly effects: Pick<Effects, 'objects' | 'data' | 'clock' | 'sets'>;
  readonly contract: SourceContract;
  /** Silver as readers see it. */
  readonly table: LakeTable;
}

/** What was found, and who looked for equal keys, where that was not DuckDB. */
export interface AuditedKeys {
  readonly problems: Problem[];
  readonly by?: SetEngine['name'];
}

/** Of a row, beside its key: where it came from. */
const PLACE = ['source_file_id', 'source_row_number'];

/**
 * Checks that no two rows of Silver have one key. Where there is a set engine, Silver is as large as it is for and the key
 * is of types on which engines agree, that finds rows that share one; DuckDB judges these, or else all. Needs the views of
 * Silver and the ledger.
 */
export async function auditKeys(audit: KeysAudit): Promise<AuditedKeys> {
  const { engine, effects, contract, table } = audit;
  // Equal records are told apart by their number among equals in a file.
  if (isByRecord(contract)) return { problems: [] };
  const { sets } = effects;
  const sizeBytes = (await filesOf(table)).reduce((sum, file) => sum + file.sizeBytes, 0);
  if (sets === undefined || sizeBytes < sets.fromBytes || !isPortableKey(contract, table)) {
    const silver = tableName('silver', contract.dataset);
    return { problems: await judge(engine, contract, mayShare(contract, silver)) };
  }
  return await withAnswers(effects, contract.dataset, async ({ dataset, runId }) => {
    const names = [...contract.key, ...PLACE];
    const columns = (setColumns(table) ?? []).filter(({ name }) => names.includes(name));
    const answer = await sets.engine.select({
      ...{ sql: sharedSql(contract), columns },
      tables: [{ name: 'audited', metadataKey: table.metadataKey ?? '' }],
      into: `${setsFolder(dataset, runId)}/keys`,
      token: `${dataset}/${runId}/keys`,
    });
    const found = await setRows(effects.data, answer, columns);
    return { problems: await judge(engine, contract, found), by: sets.engine.name };
  });
}

const keysOf = ({ key }: SourceContract, alias: string): string =>
  key.map((name) => `${alias}.${identifier(name)}`).join(', ');

/** Rows whose key another one has, for any engine. No row has NULL in its key, which a contract requires. */
function sharedSql(contract: SourceContract): string {
  const list = keysOf(contract, 'a');
  const same = contract.key.map((name) => `s.${identifier(name)} = k.${identifier(name)}`).join(' AND ');
  const columns = [...contract.key, ...PLACE].map((name) => `s.${identifier(name)}`).join(', ');
  return `SELECT ${columns} FROM audited AS s JOIN (SELECT ${list} FROM audited AS a GROUP BY ${list} HAVING count(*) > 1) AS k ON ${same}`;
}

/** Rows with one hash of the key: eight bytes a row are grouped, on the disk where memory is short, instead of whole keys. */
function mayShare(contract: SourceContract, silver: string): string {
  const hash = (alias: string): string => `hash(${keysOf(contract, alias)})`;
  const names = [...contract.key, ...PLACE].map(identifier).join(', ');
  return `(SELECT ${names} FROM ${silver} AS s SEMI JOIN (SELECT h FROM (SELECT ${hash('t')} AS h FROM ${silver} AS t) GROUP BY h HAVING count(*) > 1) AS k ON k.h = ${hash('s')})`;
}

/** A problem where rows of a table expression share a key, with the place of the first. */
async function judge(engine: Engine, contract: SourceContract, from: string): Promise<Problem[]> {
  const silver = tableName('silver', contract.dataset);
  const shared = `(SELECT * FROM ${from} QUALIFY count(*) OVER (PARTITION BY ${contract.key.map(identifier).join(', ')}) > 1)`;
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n, count(DISTINCT (${contract.key.map(identifier).join(', ')})) AS keys,
       coalesce(min((coalesce(l.file, source_file_id), source_row_number))[1], '') AS file, coalesce(min((coalesce(l.file, source_file_id), source_row_number))[2], 0) AS "number"
     FROM ${shared} LEFT JOIN (SELECT source_file_id, min(source_file) AS file FROM ${tableName('source_files', contract.dataset)} GROUP BY ALL) AS l USING (source_file_id)`,
  );
  const rows = integerOf(row, 'n');
  if (rows === 0) return [];
  const problem = `${rows} rows share ${integerOf(row, 'keys')} keys (${contract.key.join(', ')}); the first is record ${integerOf(row, 'number')} of ${textOf(row, 'file')}`;
  return [{ code: 'DUPLICATE', key: silver, problem }];
}
