import { integerOf } from '../engine/engine.ts';
import { measureByColumn, measureColumn, measureSql } from '../refining/rejects.ts';
import { isLeftOut, type RepeatSearch, valueColumns } from './repeats.ts';

/** Where the run's records stand in the order in which they came. */
export interface RecordSearch extends RepeatSearch {
  /** Condition under which a record (`records`) may have an equal in the run. */
  readonly among: string;
  readonly joins: string;
  readonly place: string;
}

/**
 * Adds to `repeats` records of a dataset whose key is the record itself. The n-th of several equal records of one file is a
 * repeat of the n-th of them that stands in Silver, or that came in another file of the run before. A record of a retry
 * counts among those of the file that it first came in. Needs `origins` and `equals_before`.
 */
export async function repeatRecords(search: RecordSearch): Promise<void> {
  const { engine, contract, fresh, standing, among, joins, place } = search;
  const values = (alias: string): string =>
    `hash(${valueColumns(contract)
      .map((name) => `${alias}.${name}`)
      .join(', ')})`;
  const inBase =
    standing === undefined ? 'false' : `hash(records.row_hash) IN (SELECT hash(row_hash) FROM ${standing})`;
  const measures = contract.measures.map((_, n) => {
    const { value, by } = measureSql(contract, n, 'records');
    return `, ${value} AS ${measureColumn(n)}, ${by} AS ${measureByColumn(n)}`;
  });
  const names = contract.measures.map((_, n) => `, ${measureColumn(n)}, ${measureByColumn(n)}`).join('');
  // Equal texts are equal values, unless files of different dialects meet: their values are compared as well.
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE again$ AS SELECT records.source_file_id AS id$, records.source_row_number AS row$, records.row_hash AS hash$, ${values('records')} AS values$,
       coalesce(o.origin$, records.source_file_id) AS file$, coalesce(o.origin_row$, records.source_row_number) AS at$, ${place} AS place$${measures.join('')}
     FROM ${fresh} AS records ${joins} LEFT JOIN origins AS o ON o.id$ = records.source_file_id AND o.row$ = records.source_row_number
     WHERE (${among} OR ${inBase}) AND NOT ${isLeftOut('records')}`,
  );
  const [row = {}] = await engine.rows('SELECT count(*) AS n FROM again$');
  if (integerOf(row, 'n') > 0) await judgeAgain(search, { values, names });
  await engine.run('DROP TABLE again$');
}

/** The SQL for judging `again$`. */
interface Judging {
  readonly values: (alias: string) => string;
  readonly names: string;
}

async function judgeAgain({ engine, standing }: RecordSearch, { values, names }: Judging): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE numbered$ AS SELECT again$.*,
       row_number() OVER (PARTITION BY again$.file$, again$.hash$, values$ ORDER BY at$, id$, row$) + coalesce(b.n$, 0) AS nth$
     FROM again$ LEFT JOIN equals_before AS b ON b.file$ = again$.file$ AND b.hash$ = again$.hash$`,
  );
  if (standing !== undefined)
    await engine.run(
      `INSERT INTO repeats SELECT n.id$, n.row$, old.id$, old.row$${names} FROM numbered$ AS n JOIN (
         SELECT source_file_id AS id$, source_row_number AS row$, row_hash AS hash$, ${values('s')} AS values$,
           row_number() OVER (PARTITION BY row_hash, ${values('s')} ORDER BY ingestion_timestamp, source_file_id, source_row_number) AS nth$
         FROM ${standing} AS s WHERE row_hash IN (SELECT hash$ FROM again$)
       ) AS old ON old.hash$ = n.hash$ AND old.values$ = n.values$ AND old.nth$ = n.nth$`,
    );
  await engine.run(
    `INSERT INTO repeats SELECT id$, row$, twin$, twin_row$${names} FROM (
       SELECT *, first_value(id$) OVER same$ AS twin$, first_value(row$) OVER same$ AS twin_row$, row_number() OVER same$ AS turn$
       FROM numbered$ AS n WHERE NOT EXISTS (SELECT 1 FROM repeats AS r WHERE r.source_file_id = n.id$ AND r.source_row_number = n.row$)
       WINDOW same$ AS (PARTITION BY hash$, values$, nth$ ORDER BY place$, at$)
     ) WHERE turn$ > 1`,
  );
  await engine.run('DROP TABLE numbered$');
}
