import type { SourceContract } from '../contract/contract.ts';
import { isByRecord, knowsRepeats } from '../contract/record-key.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { eventOrderSql, isOfEvents } from '../eventstore/event-order.ts';
import { tableName } from '../naming/datasets.ts';
import { CONDEMNED_CODE, isCurrentSql, lastReadsSql } from '../quarantine/current-rejects.ts';
import { retryTables } from '../quarantine/retry-files.ts';
import { repeatRowsSql } from '../repeats/load-repeats.ts';
import { valueColumns } from '../sealing/repeats.ts';

/** A record as an example, by where the source dropped it. */
export interface TriedExample {
  readonly sourceFile: string;
  readonly sourceRowNumber: number;
  /** The value that the rule is about, as reasons show it. */
  readonly value: string | null;
}

/** Records whose verdict would change, by the rule that changes it: one record may count for several. */
export interface Flip {
  /**
   * `silver`: records that would go there, by the rules that refuse them now. `out`: those that would leave, by rules
   * against.
   */
  readonly to: 'silver' | 'out';
  readonly rule: string;
  readonly column: string | null;
  readonly code: string;
  readonly records: number;
  readonly examples: readonly TriedExample[];
}

/** How many records there are, now and then. */
export interface TriedCounts {
  readonly records: number;
  readonly silverNow: number;
  readonly silverThen: number;
  /** Records that would go to Silver, and that would leave it. */
  readonly toSilver: number;
  readonly out: number;
}

/** The reasons of a record whose key another one has, and of one in an unreadable file. */
const DUPLICATE = "[{'rule': 'key', 'column': NULL, 'code': 'DUPLICATE', 'value': NULL}]";
const FILE = (why: string): string =>
  `[{'rule': ${why}, 'column': NULL, 'code': 'FILE_REJECTED', 'value': NULL}]`;

/** A record's number among its equals in a file; a retried record counts in the file that it came in first. */
const TURN = `row_number() OVER (PARTITION BY coalesce(o.origin_file_id, t.source_file_id), t.row_hash
  ORDER BY coalesce(o.origin_row_number, t.source_row_number), t.source_row_number)`;

/**
 * Makes the table `verdicts_tried`: every record with where it is now (`was$`: silver, repeat, out, or NULL where its
 * file wasn't read) and where it would be (`is$`), with the reasons of each; and `silver_tried`, the rows that Silver would have. Records
 * that people corrected since, or condemned, stay as they are. Needs `replay`, the views of the dataset's tables and retry
 * tables.
 */
export async function judgeTried(engine: Engine, proposed: SourceContract): Promise<void> {
  const { dataset } = proposed;
  const silver = tableName('silver', dataset);
  const ledger = tableName('source_files', dataset);
  const settled = `SELECT origin_file_id AS id$, origin_row_number AS row$ FROM ${retryTables(dataset).origins}
      WHERE retry_file_id IN (SELECT source_file_id FROM ${ledger} WHERE status = 'accepted')
    UNION ALL SELECT source_file_id, source_row_number FROM ${tableName('condemned', dataset)}
      WHERE list_contains(list_transform(reasons, lambda x: x.code), '${CONDEMNED_CODE}')`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE settled AS ${settled}`);
  const place = 'source_file_id AS id$, source_row_number AS row$';
  const rejects = (['quarantine', 'condemned'] as const).map(
    (layer) =>
      `SELECT r.source_file_id, r.source_row_number, 'out', reasons FROM ${tableName(layer, dataset)} AS r LEFT JOIN reads USING (source_file_id) WHERE ${isCurrentSql()}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE places_now AS WITH reads AS (${lastReadsSql(ledger)})
     SELECT ${place}, 'silver' AS was$, NULL AS reasons$ FROM ${silver} UNION ALL ${rejects.join(' UNION ALL ')}
     UNION ALL SELECT ${place}, 'repeat', NULL FROM (${repeatRowsSql('true')})`,
  );
  const direction = proposed.duplicates === 'replace' ? 'DESC' : 'ASC';
  const first = isOfEvents(proposed) ? `${eventOrderSql(proposed, 't')}, ` : '';
  // Of records that are their own key, the n-th of several equal ones of a file has the key of the n-th of another.
  const keys = isByRecord(proposed) ? ['row_hash', 'turn$'] : proposed.key;
  const key = keys.map((name) => `t.${identifier(name)}`).join(', ');
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW keyed_tried AS SELECT t.*, n$${isByRecord(proposed) ? `, ${TURN} AS turn$` : ''}
     FROM tried_rows AS t JOIN tried_files ON id$ = t.source_file_id
       LEFT JOIN ${retryTables(dataset).origins} AS o ON o.retry_file_id = t.source_file_id AND o.source_row_number = t.source_row_number
     WHERE (t.source_file_id, t.source_row_number) NOT IN (SELECT (id$, row$) FROM settled)`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE silver_tried AS SELECT source_file_id AS id$, source_row_number AS row$ FROM keyed_tried AS t
     QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${first}n$ ${direction}, source_row_number ${direction}) = 1`,
  );
  await findRepeatsTried(engine, proposed, keys);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE verdicts_tried AS
     WITH then$ AS (
       SELECT id$, key$, row$, CASE WHEN s.id$ IS NOT NULL THEN 'silver' WHEN r.id$ IS NOT NULL THEN 'repeat' ELSE 'out' END AS is$,
         CASE WHEN s.id$ IS NOT NULL OR r.id$ IS NOT NULL THEN NULL WHEN passes$ THEN ${DUPLICATE} ELSE reasons$ END AS reasons$
       FROM tried JOIN tried_files USING (n$) LEFT JOIN silver_tried AS s USING (id$, row$) LEFT JOIN repeats_tried AS r USING (id$, row$) WHERE NOT is_blank$
     )
     SELECT coalesce(t.id$, now$.id$) AS id$, f.key$, coalesce(t.row$, now$.row$) AS row$, was$, coalesce(is$, 'out') AS is$,
       now$.reasons$ AS reasons_now$, coalesce(t.reasons$, ${FILE("coalesce(nullif(f.why$, ''), 'nothing to test')")}) AS reasons_then$
     FROM then$ AS t FULL JOIN places_now AS now$ ON now$.id$ = t.id$ AND now$.row$ = t.row$
       JOIN tried_files AS f ON f.id$ = coalesce(t.id$, now$.id$)
     WHERE NOT EXISTS (SELECT 1 FROM settled WHERE settled.id$ = f.id$ AND settled.row$ = coalesce(t.row$, now$.row$))`,
  );
}

/** Makes `repeats_tried` (id$, row$): records that would stand in Silver already, with the same values. */
async function findRepeatsTried(
  engine: Engine,
  proposed: SourceContract,
  keys: readonly string[],
): Promise<void> {
  const same = (isByRecord(proposed) ? keys.map(identifier) : valueColumns(proposed)).map(
    (name) => `t.${name} IS NOT DISTINCT FROM kept.${name}`,
  );
  const found = `SELECT t.source_file_id AS id$, t.source_row_number AS row$ FROM keyed_tried AS t
     JOIN (SELECT k.* FROM keyed_tried AS k JOIN silver_tried AS s ON s.id$ = k.source_file_id AND s.row$ = k.source_row_number) AS kept ON ${same.join(' AND ')}
     WHERE (t.source_file_id, t.source_row_number) <> (kept.source_file_id, kept.source_row_number)`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE repeats_tried AS ${knowsRepeats(proposed) ? found : "SELECT '' AS id$, 0::BIGINT AS row$ WHERE false"}`,
  );
}

/** Records that would go to Silver, and that would leave it. Repeats of other records do neither. */
const TO_SILVER = "is$ = 'silver' AND coalesce(was$, 'out') = 'out'";
const OUT = "was$ = 'silver' AND is$ = 'out'";

/** Counts over what judgeTried made. */
export async function countTried(engine: Engine): Promise<TriedCounts> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS records, count(*) FILTER (was$ = 'silver') AS silver_now, count(*) FILTER (is$ = 'silver') AS silver_then,
       count(*) FILTER (${TO_SILVER}) AS to_silver, count(*) FILTER (${OUT}) AS "out"
     FROM verdicts_tried`,
  );
  return {
    records: integerOf(row, 'records'),
    silverNow: integerOf(row, 'silver_now'),
    silverThen: integerOf(row, 'silver_then'),
    toSilver: integerOf(row, 'to_silver'),
    out: integerOf(row, 'out'),
  };
}

/** The flips by rule, most first, with some examples each. */
export async function readFlips(engine: Engine, mostExamples: number): Promise<Flip[]> {
  const rows = await engine.rows(
    `WITH flips AS (
       SELECT 'silver' AS flip, key$, row$, unnest(coalesce(reasons_now$, ${FILE("'it was not read'")})) AS reason FROM verdicts_tried WHERE ${TO_SILVER}
       UNION ALL SELECT 'out', key$, row$, unnest(reasons_then$) FROM verdicts_tried WHERE ${OUT}
     )
     SELECT flip, reason.rule AS rule, reason."column" AS "column", reason.code AS code, count(DISTINCT (key$, row$)) AS n,
       list({'file': key$, 'row': row$, 'value': reason."value"} ORDER BY key$, row$)[1:${mostExamples}] AS examples
     FROM flips GROUP BY ALL ORDER BY flip DESC, n DESC, code, "column", rule`,
  );
  return rows.map((row) => ({
    to: textOf(row, 'flip') === 'silver' ? 'silver' : 'out',
    rule: String(row.rule ?? ''),
    column: typeof row.column === 'string' ? row.column : null,
    code: textOf(row, 'code'),
    records: integerOf(row, 'n'),
    examples: Array.isArray(row.examples) ? row.examples.map(exampleOf) : [],
  }));
}

function exampleOf(value: unknown): TriedExample {
  const { file, row, value: shown } = value as Record<string, unknown>;
  return {
    sourceFile: String(file),
    sourceRowNumber: Number(row),
    value: typeof shown === 'string' ? shown : null,
  };
}
