import { REASONS_TYPE, RECORD_KIND } from '../contract/compile-record.ts';
import { FAULT, FAULT_NAME } from '../contract/compile-sealed.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';

/** Where to look for what sealed runs said of records. */
export interface EarlierVerdicts {
  readonly tables: Pick<DatasetTables, 'paths'>;
}

/** Codes that seal gives anew, for what is known then. */
const SEAL_CODES = ['DUPLICATE', 'MAX_ATTEMPTS', 'PREVIOUSLY_CONDEMNED', 'CONDEMNED']
  .map((code) => `'${code}'`)
  .join(', ');

const MINE = `staged_as_read WHERE ${FAULT_NAME} = ${FAULT.gone}`;

/**
 * Gives records of `staged`, after their closer look, that can't be read whole any more what the last sealed run said
 * that could: they pass, or fail for the same reasons. The same place in the same file comes first, then the same record
 * in Silver, then the latest failure of the same record. Of whom nothing was ever said fails as FORGOTTEN.
 */
export async function restoreVerdicts(engine: Engine, { tables }: EarlierVerdicts): Promise<void> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) > 0 AS some FROM staged WHERE ${FAULT_NAME} = ${FAULT.gone}`,
  );
  if (row.some !== true) return;
  await engine.run('CREATE OR REPLACE TEMP TABLE staged_as_read AS SELECT * FROM staged');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE earlier AS SELECT position$, own$, len(own$) = 0 AND fitting$ AS passes$ FROM (
       SELECT position$, fitting$, list_filter(was$, lambda x: x.code NOT IN (${SEAL_CODES})) AS own$
       FROM (${await matchesSql(tables)})
     )`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW staged AS SELECT s.* REPLACE (
       coalesce(e.passes$, s.passed$) AS passed$,
       CAST(CASE WHEN e.passes$ THEN ${RECORD_KIND.silver} ELSE s.record_kind$ END AS TINYINT) AS record_kind$,
       CASE WHEN e.passes$ THEN NULL WHEN len(e.own$) > 0 THEN e.own$ ELSE s.reasons$ END AS reasons$
     ) FROM staged_as_read AS s LEFT JOIN earlier AS e USING (position$)`,
  );
}

/** SELECT of position$, fitting$ and was$, the reasons of then (none: it passed), one row for each record that was judged. */
async function matchesSql(tables: EarlierVerdicts['tables']): Promise<string> {
  const place = 'source_file_id, source_row_number, row_hash, ingestion_timestamp';
  const silver = await tables.paths('silver');
  const selects = [
    ...(silver.length === 0
      ? []
      : [
          `SELECT ${place}, true AS stood$, CAST([] AS ${REASONS_TYPE}) AS reasons FROM ${readParquet(silver)}`,
        ]),
    ...(
      await Promise.all(
        (['quarantine', 'condemned'] as const).map(async (layer) => {
          const paths = await tables.paths(layer);
          return paths.length === 0 ? [] : [`SELECT ${place}, false, reasons FROM ${readParquet(paths)}`];
        }),
      )
    ).flat(),
  ];
  if (selects.length === 0)
    return `SELECT position$, fitting$, CAST([] AS ${REASONS_TYPE}) AS was$ FROM ${MINE} AND false`;
  const mine = `(SELECT position$, fitting$, row_hash, source_file_id, source_row_number FROM ${MINE})`;
  const judged = `(${selects.join(' UNION ALL ')})`;
  const found = (nth: number, keys: string): string =>
    `SELECT m.position$, m.fitting$, j.reasons, ${nth} AS nth$, stood$, j.ingestion_timestamp,
       list_contains(list_transform(j.reasons, lambda x: x.code), 'FORGOTTEN') AS unread$
     FROM ${mine} AS m JOIN ${judged} AS j USING (${keys})`;
  return `SELECT position$, fitting$, reasons AS was$
    FROM (${found(0, 'source_file_id, source_row_number')} UNION ALL ${found(1, 'row_hash')})
    QUALIFY row_number() OVER (PARTITION BY position$ ORDER BY unread$, nth$, CASE WHEN nth$ = 1 THEN stood$ END DESC, ingestion_timestamp DESC, stood$ DESC) = 1`;
}
