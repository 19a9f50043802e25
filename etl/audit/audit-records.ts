import { duckType } from '../contract/compile-column.ts';
import { RECORD_KIND } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import { cutSegments } from '../csv/segments.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { tableName } from '../naming.ts';
import type { Effects, Scratch } from '../ports.ts';
import { stageSegment } from '../refining/staged-segment.ts';
import type { LedgerFile } from './ledger-files.ts';
import type { Problem } from './problem.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** How many record numbers a problem names. */
const NAMED = 5;

/** What reading sources again needs. */
export interface RecordsAudit {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly contract: SourceContract;
}

/**
 * Proves conservation of one source file anew, from its own bytes: each of its records is in Silver, in quarantine or
 * condemned, once, or has nothing to test; and where it was read under today's contract, Silver holds the values
 * that its text says, and only records that pass. Needs the views of the dataset's tables. Returns the records read.
 */
export async function auditRecords(
  audit: RecordsAudit,
  file: LedgerFile,
): Promise<{ problems: Problem[]; records: number }> {
  const isSameContract = file.contractDigest === audit.contract.digest;
  const outcome = await readAgain(audit, file);
  if (outcome !== 'read') {
    if (!isSameContract) return { problems: [], records: 0 };
    const problem = `it was read in run ${file.runId}, but can't be now: ${outcome}`;
    return { problems: [{ code: 'CONSERVATION', key: file.key, problem }], records: 0 };
  }
  await findPlaces(audit, file);
  const found = [...(await checkPlaces(audit, file)), ...(isSameContract ? await checkValues(audit) : [])];
  const [row = {}] = await audit.engine.rows('SELECT count(*) AS n FROM retested');
  return { problems: found.map((problem) => ({ ...problem, key: file.key })), records: integerOf(row, 'n') };
}

/** Makes the table `retested`: every record of the file as its bytes and the contract say, `is_blank` where there is nothing to test. */
async function readAgain(
  { engine, effects, scratch, contract }: RecordsAudit,
  { key, sourceFileId }: LedgerFile,
): Promise<string> {
  const columns = contract.columns.map(({ name, type }) => `${identifier(name)} ${duckType(type)}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE retested (row$ BIGINT, is_blank$ BOOLEAN, passes$ BOOLEAN, hash$ VARCHAR, record$ VARCHAR, ${columns.join(', ')})`,
  );
  const files = [{ index: 0, key }];
  const { data, digestKey } = effects;
  const options = { contract, data, scratch, segmentBytes: SEGMENT_BYTES };
  let why = 'it is empty';
  for await (const event of cutSegments(files, options)) {
    if (event.kind === 'segment') {
      const staging = { contract, digestKey, keepRecords: 'failed' as const };
      await stageSegment(engine, event.segment, { ...staging, sourceFileIds: new Map([[0, sourceFileId]]) });
      await collect(engine, contract);
      await scratch.remove(event.segment.path);
    } else if (event.outcome.kind === 'read') why = 'read';
    else if (event.outcome.kind === 'rejected') why = event.outcome.why;
  }
  return why;
}

/** A total row at the end of a file is in no table; in the middle it failed, and is. Either way it need not be anywhere. */
async function collect(engine: Engine, contract: SourceContract): Promise<void> {
  const names = contract.columns.map(({ name }) => identifier(name)).join(', ');
  const { silver, blank, totalRow } = RECORD_KIND;
  await engine.run(
    `INSERT INTO retested SELECT source_row_number, record_kind$ = ${blank} AND broken.problem IS NULL OR record_kind$ = ${totalRow},
       record_kind$ = ${silver}, coalesce(sha256(broken.raw_text), lower(hex(row_hash))), record$, ${names}
     FROM staged LEFT JOIN broken USING (source_file_id, source_row_number)`,
  );
}

/** Makes the table `places`: where each record of the file is, by number. */
async function findPlaces(
  { engine, contract }: RecordsAudit,
  { sourceFileId, runId }: LedgerFile,
): Promise<void> {
  const { dataset } = contract;
  const mine = `source_file_id = ${literal(sourceFileId)}`;
  const rejects = (['quarantine', 'condemned'] as const).map(
    (layer) =>
      `SELECT source_row_number AS row$, '${layer}' AS place$, row_hash AS hash$, record FROM ${tableName(layer, dataset)} WHERE ${mine} AND run_id = ${literal(runId)}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE places AS SELECT source_row_number AS row$, 'silver' AS place$, row_hash AS hash$, CAST(NULL AS VARCHAR) AS record
     FROM ${tableName('silver', dataset)} WHERE ${mine} UNION ALL ${rejects.join(' UNION ALL ')}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE in_silver AS SELECT * FROM ${tableName('silver', dataset)} WHERE ${mine}`,
  );
}

type Found = Omit<Problem, 'key'>;

async function checkPlaces({ engine, contract }: RecordsAudit, file: LedgerFile): Promise<Found[]> {
  const replaced = contract.duplicates === 'replace' ? ` AND NOT ${replacedSql(contract)}` : '';
  const found = await Promise.all([
    rowsWhere(
      engine,
      `FROM retested AS r WHERE NOT is_blank$ AND NOT EXISTS (SELECT 1 FROM places WHERE places.row$ = r.row$)${replaced}`,
      'are in none of Silver, quarantine and condemned',
    ),
    rowsWhere(
      engine,
      'FROM places WHERE row$ IN (SELECT row$ FROM places GROUP BY row$ HAVING count(*) > 1)',
      'are in more than one place',
    ),
    rowsWhere(
      engine,
      'FROM places ANTI JOIN retested USING (row$)',
      'are in a table, but the file has no such record',
    ),
    rowsWhere(
      engine,
      'FROM places JOIN retested USING (row$) WHERE places.hash$ <> retested.hash$',
      'are not the records that the file has there',
    ),
  ]);
  const counts = await countPlaces(engine, file, contract);
  return [...found.flat(), ...counts].map((problem) => ({ code: 'CONSERVATION' as const, problem }));
}

/** Whether a newer record with the same key took a record's place. */
function replacedSql({ dataset, key }: SourceContract): string {
  const same = key.map((name) => `s.${identifier(name)} IS NOT DISTINCT FROM r.${identifier(name)}`);
  return `EXISTS (SELECT 1 FROM ${tableName('silver', dataset)} AS s WHERE ${same.join(' AND ')})`;
}

async function countPlaces(engine: Engine, file: LedgerFile, contract: SourceContract): Promise<string[]> {
  const [row = {}] = await engine.rows(
    `SELECT (SELECT count(*) FROM retested) AS records, count(*) FILTER (place$ = 'silver') AS silver,
       count(*) FILTER (place$ = 'quarantine') AS quarantined, count(*) FILTER (place$ = 'condemned') AS condemned FROM places`,
  );
  const names = [
    'records',
    'quarantined',
    'condemned',
    ...(contract.duplicates === 'replace' ? [] : ['silver']),
  ];
  return names
    .filter((name) => integerOf(row, name) !== file[name as 'records'])
    .map(
      (name) => `the ledger counts ${file[name as 'records']} ${name}, and there are ${integerOf(row, name)}`,
    );
}

/** Under the same contract the same text has the same values. */
async function checkValues({ engine, contract }: RecordsAudit): Promise<Found[]> {
  const differs = contract.columns.map(
    ({ name }) => `s.${identifier(name)} IS DISTINCT FROM r.${identifier(name)}`,
  );
  const found = await Promise.all([
    rowsWhere(
      engine,
      `FROM in_silver AS s JOIN retested AS r ON r.row$ = s.source_row_number WHERE NOT r.passes$`,
      'are in Silver, but fail the contract',
    ),
    rowsWhere(
      engine,
      `FROM in_silver AS s JOIN retested AS r ON r.row$ = s.source_row_number WHERE r.passes$ AND (${differs.join(' OR ')})`,
      'have other values in Silver than in the file',
    ),
    rowsWhere(
      engine,
      `FROM places JOIN retested AS r USING (row$) WHERE places.record IS NOT NULL AND r.record$ IS NOT NULL AND places.record <> r.record$`,
      'have other values among the rejects than in the file',
    ),
  ]);
  return found.flat().map((problem) => ({ code: 'VALUES' as const, problem }));
}

async function rowsWhere(engine: Engine, from: string, what: string): Promise<string[]> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n, coalesce(array_to_string(list(row$ ORDER BY row$)[1:${NAMED}], ', '), '') AS rows FROM (SELECT DISTINCT row$ ${from})`,
  );
  const n = integerOf(row, 'n');
  const rest = n > NAMED ? ', …' : '';
  return n === 0 ? [] : [`${n} records ${what}: ${textOf(row, 'rows')}${rest}`];
}

/** Rows that no source file of the ledger accounts for. Needs the views of the dataset's tables. */
export async function auditStrays(engine: Engine, dataset: string): Promise<Problem[]> {
  const ledger = tableName('source_files', dataset);
  const problems: Problem[] = [];
  for (const layer of ['silver', 'quarantine', 'condemned'] as const) {
    const table = tableName(layer, dataset);
    const byPerson =
      layer === 'condemned'
        ? " AND NOT list_contains(list_transform(t.reasons, lambda r: r.code), 'CONDEMNED')"
        : '';
    const [row = {}] = await engine.rows(
      `SELECT count(*) AS n FROM ${table} AS t WHERE NOT EXISTS (SELECT 1 FROM ${ledger} AS l WHERE l.source_file_id = t.source_file_id AND l.run_id = t.run_id)${byPerson}`,
    );
    const n = integerOf(row, 'n');
    if (n === 0) continue;
    problems.push({ code: 'CONSERVATION', key: table, problem: `${n} rows come from no file of the ledger` });
  }
  return problems;
}
