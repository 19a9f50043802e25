import { RECORD_KIND } from '../contract/compile-record.ts';
import { FAULT, FAULT_NAME } from '../contract/compile-sealed.ts';
import type { SourceContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { isByRecord } from '../contract/record-key.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { SEGMENT_BYTES } from '../csv/segments.ts';
import { type Engine, integerOf, type SqlRow, textOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import { GAVE_WAY_SQL } from '../eventstore/gave-way.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects, Scratch } from '../ports.ts';
import { footersSql, hasFooter } from '../refining/footers.ts';
import { brokenFooterSql, IS_FORGOTTEN_BROKEN } from '../refining/rejects.ts';
import { hasSealed, type SealedReading, withSealedReading } from '../refining/sealed-reading.ts';
import { stageBroken, stageSegment } from '../refining/staged-segment.ts';
import { repeatRowsSql } from '../repeats/load-repeats.ts';
import { segmentsInDialects } from '../stages/dialects.ts';
import type { TableColumn } from '../table/schema.ts';
import type { LedgerFile } from './ledger-files.ts';
import type { Problem } from './problem.ts';

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
 * Proves conservation of source files anew, from their own bytes: each of their records is in Silver, in quarantine or
 * condemned, once, or has nothing to test; and where it was read under today's contract, Silver holds the values
 * that its text says, and only records that pass. Needs the views of the dataset's tables and `repeat_spans`.
 * Returns the records read.
 */
export async function auditRecords(
  audit: RecordsAudit,
  files: readonly LedgerFile[],
): Promise<{ problems: Problem[]; records: number }> {
  const unread = await withSealedReading(audit, (sealed) => readAgain(audit, files, sealed));
  const problems = files.flatMap((file): Problem[] => {
    const why = unread.get(file.key);
    const isSameContract = file.contractDigest === audit.contract.digest;
    if (why === undefined || !isSameContract) return [];
    const problem = `it was read in run ${file.runId}, but can't be now: ${why}`;
    return [{ code: 'CONSERVATION', key: file.key, problem }];
  });
  await findPlaces(
    audit,
    files.filter(({ key }) => !unread.has(key)),
  );
  problems.push(...(await checkPlaces(audit)), ...(await checkValues(audit)));
  const [row = {}] = await audit.engine.rows('SELECT count(*) AS n FROM retested');
  return { problems, records: integerOf(row, 'n') };
}

/**
 * Makes the table `retested`: every record of the files as their bytes and the contract say, `is_blank$` where there is
 * nothing to test. Returns why files can't be read, by key.
 */
async function readAgain(
  { engine, effects, scratch, contract }: RecordsAudit,
  ledgered: readonly LedgerFile[],
  sealed: SealedReading | undefined,
): Promise<Map<string, string>> {
  const columns = ownColumns(contract).map(({ name, type }) => `${identifier(name)} ${duckType(type)}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE retested (id$ VARCHAR, row$ BIGINT, is_blank$ BOOLEAN, passes$ BOOLEAN, hash$ VARCHAR, record$ VARCHAR, footer$ TINYINT, is_gone$ BOOLEAN, is_forgotten$ BOOLEAN, ${columns.join(', ')})`,
  );
  const files = ledgered.map(({ key, dialect, contractDigest }, index) => ({
    ...{ index, key },
    // Files that a migration read keep their own dialect.
    ...(dialect === contractDigest ? {} : { dialect }),
  }));
  const sourceFileIds = new Map(ledgered.map(({ sourceFileId }, index) => [index, sourceFileId]));
  const { objects, data } = effects;
  const staging = { digestKey: effects.digestKey(), look: 'closer' as const, sourceFileIds, scratch, sealed };
  const options = { objects, contract, data, scratch, segmentBytes: SEGMENT_BYTES };
  const unread = new Map<string, string>();
  // Source files by the contract that read them.
  const readings = new Map<SourceContract, Set<string>>();
  for await (const { event, contract: reading } of segmentsInDialects(files, options)) {
    if (event.kind === 'segment') {
      await stageSegment(engine, event.segment, { ...staging, contract: reading });
      await stageBroken(engine, event.segment, sourceFileIds);
      await collect(engine, contract, reading);
      const ids = readings.get(reading) ?? new Set<string>();
      for (const { fileIndex } of event.segment.parts) ids.add(sourceFileIds.get(fileIndex) ?? '');
      readings.set(reading, ids);
      await scratch.remove(event.segment.path);
    } else if (event.outcome.kind !== 'read') {
      const why = event.outcome.kind === 'rejected' ? event.outcome.why : 'it is empty';
      unread.set(ledgered[event.outcome.fileIndex]?.key ?? '', why);
    }
  }
  for (const [reading, ids] of readings) await markFooters(engine, reading, ids);
  return unread;
}

/** Marks footers, as seal does: they have nothing to test. */
async function markFooters(
  engine: Engine,
  contract: SourceContract,
  ids: ReadonlySet<string>,
): Promise<void> {
  if (!hasFooter(contract)) return;
  const among = [...ids].map(literal).join(', ');
  const content = `(SELECT id$ AS file$, row$, passes$, footer$ FROM retested WHERE NOT is_blank$ AND NOT is_forgotten$ AND id$ IN (${among}))`;
  await engine.run(
    `UPDATE retested SET is_blank$ = true FROM (${footersSql(contract, content)}) AS f WHERE f.file$ = id$ AND f.row$ = retested.row$ AND NOT f.passes$`,
  );
}

/** The contract's columns as the table has them. */
function ownColumns(contract: SourceContract): readonly TableColumn[] {
  const names = new Set(contract.columns.map(({ name }) => name));
  return tableColumns(contract).filter(({ name }) => names.has(name));
}

/**
 * A total row counts as nothing to test: at a file's end it is in no table, in the middle it is a reject. Of records with
 * an unreadable value nothing can be said but that they are there.
 */
async function collect(engine: Engine, contract: SourceContract, reading: SourceContract): Promise<void> {
  const names = ownColumns(contract)
    .map(({ name }) => `staged.${identifier(name)}`)
    .join(', ');
  const { silver, blank, totalRow, forgotten } = RECORD_KIND;
  const isSealed = hasSealed(contract);
  const isGone = isSealed ? `${FAULT_NAME} = ${FAULT.gone}` : 'false';
  const isBroken = `coalesce(${IS_FORGOTTEN_BROKEN}, false)`;
  const isForgotten = isSealed ? `(record_kind$ = ${forgotten} OR ${isBroken})` : isBroken;
  await engine.run(
    `INSERT INTO retested SELECT source_file_id, source_row_number, record_kind$ = ${blank} AND broken.problem IS NULL OR record_kind$ = ${totalRow},
       record_kind$ = ${silver}, coalesce(broken.row_hash, staged.row_hash), CASE WHEN NOT passed$ THEN record$ END,
       CASE WHEN broken.problem IS NULL THEN footer$ ELSE ${brokenFooterSql(reading)} END, ${isGone}, ${isForgotten}, ${names}
     FROM staged LEFT JOIN broken USING (source_file_id, source_row_number)`,
  );
}

/** Makes the tables `batch` (the files) and `places` (where each of their records is). */
async function findPlaces({ engine, contract }: RecordsAudit, files: readonly LedgerFile[]): Promise<void> {
  const { dataset, digest } = contract;
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE batch (id$ VARCHAR, run$ VARCHAR, key$ VARCHAR, is_same$ BIGINT, records BIGINT, silver BIGINT, quarantined BIGINT, condemned BIGINT, repeats BIGINT, forgotten BIGINT)',
  );
  await engine.append(
    'batch',
    files.map((file) => [
      file.sourceFileId,
      file.runId,
      file.key,
      file.contractDigest === digest ? 1n : 0n,
      ...[file.records, file.silver, file.quarantined, file.condemned, file.repeats, file.forgotten].map(
        BigInt,
      ),
    ]),
  );
  const place = 'source_file_id AS id$, source_row_number AS row$, row_hash AS hash$';
  const rejects = (['quarantine', 'condemned'] as const).map(
    (layer) =>
      `SELECT ${place}, CASE WHEN ${GAVE_WAY_SQL} THEN 'gave way' ELSE '${layer}' END AS place$, record FROM ${tableName(layer, dataset)} AS t SEMI JOIN batch ON id$ = t.source_file_id AND run$ = t.run_id`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS SELECT source_file_id AS id$, source_row_number AS row$, twin_file_id AS twin$, twin_row_number AS twin_row$
     FROM (${repeatRowsSql('s.source_file_id IN (SELECT id$ FROM batch)')})`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE in_silver AS SELECT * FROM ${tableName('silver', dataset)} AS t SEMI JOIN batch ON id$ = t.source_file_id`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE places AS SELECT ${place}, 'silver' AS place$, CAST(NULL AS VARCHAR) AS record FROM in_silver UNION ALL ${rejects.join(' UNION ALL ')}
     UNION ALL SELECT id$, row$, NULL, 'repeats', NULL FROM repeated`,
  );
}

const SAME_PLACE = 'places.id$ = r.id$ AND places.row$ = r.row$';

async function checkPlaces({ engine, contract }: RecordsAudit): Promise<Problem[]> {
  const replaced = contract.duplicates === 'replace' ? ` AND NOT ${replacedSql(contract)}` : '';
  const checks: [string, string][] = [
    [
      `SELECT r.id$, r.row$ FROM retested AS r WHERE NOT is_blank$ AND NOT is_forgotten$ AND NOT EXISTS (SELECT 1 FROM places WHERE ${SAME_PLACE})${replaced}`,
      'are in none of Silver, quarantine and condemned, and repeat nothing',
    ],
    ['SELECT id$, row$ FROM places GROUP BY id$, row$ HAVING count(*) > 1', 'are in more than one place'],
    [
      `SELECT places.id$, places.row$ FROM places ANTI JOIN retested AS r ON ${SAME_PLACE}`,
      'are in a table, but the file has no such record',
    ],
    [
      `SELECT places.id$, places.row$ FROM places JOIN retested AS r ON ${SAME_PLACE} WHERE is_forgotten$`,
      'are in a table, but are of people who were forgotten',
    ],
    [
      `SELECT r.id$, r.row$ FROM places JOIN retested AS r ON ${SAME_PLACE} WHERE places.hash$ <> r.hash$ AND r.id$ IN (SELECT id$ FROM batch WHERE is_same$ = 1)`,
      'are not the records that the file has there',
    ],
  ];
  const problems: Problem[] = [];
  for (const [select, what] of checks) problems.push(...(await rowsIn(engine, 'CONSERVATION', select, what)));
  return [...problems, ...(await countPlaces(engine, contract))];
}

/** Whether a newer record with the same key took a record's place. */
function replacedSql({ dataset, key }: SourceContract): string {
  const same = key.map((name) => `s.${identifier(name)} IS NOT DISTINCT FROM r.${identifier(name)}`);
  return `EXISTS (SELECT 1 FROM ${tableName('silver', dataset)} AS s WHERE ${same.join(' AND ')})`;
}

/** What the ledger counts records by. */
const RESULTS = ['silver', 'quarantined', 'condemned', 'repeats', 'forgotten'] as const;

/**
 * The ledger's counts beside what is there; of Silver, newer records may have taken some rows' place. Events that gave way
 * were in Silver when their file was counted.
 */
async function countPlaces(engine: Engine, contract: SourceContract): Promise<Problem[]> {
  const silver = contract.duplicates === 'replace' ? '' : ' OR silver <> in_silver';
  const rows = await engine.rows(
    `SELECT * FROM (
       SELECT batch.*, (SELECT count(*) FROM retested WHERE retested.id$ = batch.id$) AS read, count(*) FILTER (place$ IN ('silver', 'gave way')) AS in_silver,
         count(*) FILTER (place$ = 'quarantine') AS in_quarantine, count(*) FILTER (place$ = 'condemned') AS in_condemned,
         count(*) FILTER (place$ = 'repeats') AS in_repeats,
         (SELECT count(*) FROM retested WHERE retested.id$ = batch.id$ AND is_forgotten$) AS in_forgotten
       FROM batch LEFT JOIN places USING (id$) GROUP BY ALL
     ) WHERE records <> read OR quarantined <> in_quarantine OR condemned <> in_condemned OR repeats <> in_repeats OR forgotten <> in_forgotten${silver} ORDER BY key$`,
  );
  const counted = (row: SqlRow, names: readonly string[]): string =>
    names.map((name) => String(integerOf(row, name))).join(', ');
  return rows.map((row) => ({
    code: 'CONSERVATION',
    key: textOf(row, 'key$'),
    problem: `records, ${RESULTS.join(', ')} are ${counted(row, ['records', ...RESULTS])} by the ledger, and ${counted(row, ['read', 'in_silver', 'in_quarantine', 'in_condemned', 'in_repeats', 'in_forgotten'])} by the files`,
  }));
}

/** Under the same contract the same text has the same values. */
async function checkValues({ engine, contract }: RecordsAudit): Promise<Problem[]> {
  const differs = ownColumns(contract).map(
    ({ name }) => `s.${identifier(name)} IS DISTINCT FROM r.${identifier(name)}`,
  );
  const inSilver =
    'SELECT r.id$, r.row$ FROM in_silver AS s JOIN retested AS r ON r.id$ = s.source_file_id AND r.row$ = s.source_row_number JOIN batch ON batch.id$ = r.id$ AND is_same$ = 1';
  const checks: [string, string][] = [
    [`${inSilver} WHERE NOT r.passes$ AND NOT r.is_gone$`, 'are in Silver, but fail the contract'],
    [
      `${inSilver} WHERE (r.passes$ OR r.is_gone$) AND (${differs.join(' OR ')})`,
      'have other values in Silver than in the file',
    ],
    [
      `SELECT r.id$, r.row$ FROM places JOIN retested AS r ON ${SAME_PLACE} JOIN batch ON batch.id$ = r.id$ AND is_same$ = 1
       WHERE places.record IS NOT NULL AND r.record$ IS NOT NULL AND places.record <> r.record$`,
      'have other values among the rejects than in the file',
    ],
  ];
  const problems: Problem[] = [];
  for (const [select, what] of [...checks, ...twinChecks(contract)])
    problems.push(...(await rowsIn(engine, 'VALUES', select, what)));
  return problems;
}

/** A repeat's twin is in Silver, unless a newer record took its place since, and has the same values. */
function twinChecks(contract: SourceContract): [string, string][] {
  const silver = tableName('silver', contract.dataset);
  const isTwin = 's.source_file_id = twin$ AND s.source_row_number = twin_row$';
  const differs = isByRecord(contract)
    ? ['s.row_hash <> r.hash$']
    : ownColumns(contract).map(({ name }) => `s.${identifier(name)} IS DISTINCT FROM r.${identifier(name)}`);
  const gaveWay = isOfEvents(contract)
    ? ` AND NOT EXISTS (SELECT 1 FROM ${tableName('condemned', contract.dataset)} AS s WHERE ${isTwin} AND ${GAVE_WAY_SQL})`
    : '';
  const missing: [string, string] = [
    `SELECT id$, row$ FROM repeated WHERE NOT EXISTS (SELECT 1 FROM ${silver} AS s WHERE ${isTwin})${gaveWay}`,
    'repeat records that are not in Silver',
  ];
  return [
    ...(contract.duplicates === 'replace' ? [] : [missing]),
    [
      `SELECT r.id$, r.row$ FROM repeated JOIN ${silver} AS s ON ${isTwin} JOIN retested AS r ON r.id$ = repeated.id$ AND r.row$ = repeated.row$
         JOIN batch ON batch.id$ = r.id$ AND is_same$ = 1 WHERE ${differs.join(' OR ')}`,
      'repeat records that have other values',
    ],
  ];
}

/** A problem for each file of which a SELECT of id$ and row$ has rows, naming some. */
async function rowsIn(
  engine: Engine,
  code: Problem['code'],
  select: string,
  what: string,
): Promise<Problem[]> {
  const rows = await engine.rows(
    `SELECT key$, count(*) AS n, array_to_string(list(row$ ORDER BY row$)[1:${NAMED}], ', ') AS rows
     FROM (SELECT DISTINCT id$, row$ FROM (${select})) JOIN batch USING (id$) GROUP BY key$ ORDER BY key$`,
  );
  return rows.map((row) => {
    const n = integerOf(row, 'n');
    const rest = n > NAMED ? ', …' : '';
    return { code, key: textOf(row, 'key$'), problem: `${n} records ${what}: ${textOf(row, 'rows')}${rest}` };
  });
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
