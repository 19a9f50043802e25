import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, readParquet, textOf } from '../engine/engine.ts';
import { identitySumSql } from '../engine/record-identity.ts';
import { footersSql, hasFooter } from '../refining/footers.ts';
import { measureByColumn, measureColumn } from '../refining/rejects.ts';
import type { MeasureSum } from '../stages/documents.ts';
import type { DataFile } from '../table/schema.ts';
import type { HeldFiles } from './held-files.ts';

/** What was taken out of a file as its footer, or why the file must be rejected. */
export type FooterOfFile =
  | {
      readonly kind: 'footer';
      readonly records: number;
      /** Sum of the hashes of their numbers. */
      readonly identity: string;
      /** What refine had counted among the measures. */
      readonly measures: readonly MeasureSum[];
      /** Last record in front of it that is not blank; 0 where there is none. */
      readonly lastContentRow: number;
    }
  | { readonly kind: 'wrong'; readonly why: string };

/** Where footers are looked for. */
export interface FooterInput {
  readonly engine: Engine;
  readonly contract: SourceContract;
  /** The run's new Silver files. */
  readonly silver: readonly DataFile[];
  readonly held: HeldFiles;
  /** source_file_ids of files that may have a footer. */
  readonly ids: readonly string[];
}

/**
 * Takes the footers out of `rejects` and returns what they were, by source_file_id. A file of which a record in the
 * footer's place would pass is wrong, and so is one with fewer records than its footer has: the footer may be missing,
 * and no row may be lost by that.
 */
export async function takeFooters(input: FooterInput): Promise<Map<string, FooterOfFile>> {
  const { engine, contract, silver, held, ids } = input;
  if (!hasFooter(contract) || ids.length === 0) return new Map();
  await engine.run('CREATE OR REPLACE TEMP TABLE may_have_footer (id$ VARCHAR)');
  await engine.append(
    'may_have_footer',
    ids.map((id) => [id]),
  );
  await engine.run('CREATE OR REPLACE TEMP TABLE last_passed (file$ VARCHAR, row$ BIGINT)');
  for (const batch of held.batches(silver))
    await engine.run(
      `INSERT INTO last_passed SELECT source_file_id, max(source_row_number) FROM ${readParquet(await held.paths(batch))} GROUP BY 1`,
    );
  // Of what passed, the last record of each file is enough.
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE content AS SELECT * FROM (
       SELECT source_file_id AS file$, source_row_number AS row$, false AS passes$, footer AS footer$ FROM rejects
       UNION ALL SELECT file$, max(row$), true, 0 FROM last_passed GROUP BY 1
     ) SEMI JOIN may_have_footer ON id$ = file$`,
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE footers AS ${footersSql(contract, 'content')}`);
  const found = await readFooters(input);
  await engine.run(
    'DELETE FROM rejects USING footers WHERE source_file_id = file$ AND source_row_number = row$ AND NOT passes$',
  );
  return found;
}

async function readFooters({ engine, contract, ids }: FooterInput): Promise<Map<string, FooterOfFile>> {
  const rows = await engine.rows(
    `SELECT id$ AS id, count(f.row$) AS n, min(f.row$) FILTER (f.passes$) AS wrong,
       ${identitySumSql('f.row$')} AS identity,
       (SELECT coalesce(max(row$), 0) FROM content WHERE file$ = id$ AND (file$, row$) NOT IN (SELECT (file$, row$) FROM footers)) AS last
     FROM may_have_footer LEFT JOIN footers AS f ON file$ = id$ GROUP BY id$`,
  );
  const sums = await readSums(engine, contract);
  const found = new Map<string, FooterOfFile>();
  for (const row of rows) {
    const [id, records] = [textOf(row, 'id'), integerOf(row, 'n')];
    const passing = row.wrong === null || row.wrong === undefined ? undefined : integerOf(row, 'wrong');
    const why = wrongFooter(contract, { records, passing });
    if (why !== undefined) found.set(id, { kind: 'wrong', why });
    else if (records > 0)
      found.set(id, {
        kind: 'footer',
        records,
        identity: textOf(row, 'identity'),
        measures: sums.filter((sum) => sum.id === id).map(({ id: _id, ...sum }) => sum),
        lastContentRow: integerOf(row, 'last'),
      });
  }
  return new Map(
    ids.flatMap((id) => {
      const one = found.get(id);
      return one === undefined ? [] : [[id, one] as const];
    }),
  );
}

/**
 * Why a file is rejected for its footer: a record of it would pass, or it is too short; undefined where it is right.
 */
export function wrongFooter(
  { csv: { footerLines } }: SourceContract,
  { records, passing }: { readonly records: number; readonly passing: number | undefined },
): string | undefined {
  if (passing !== undefined) return passingText(passing, footerLines);
  if (footerLines === undefined || records >= footerLines) return undefined;
  return `it has ${records} records, and its footer alone should have ${footerLines} (footerLines)`;
}

const passingText = (row: number, lines: number | undefined): string =>
  lines === undefined
    ? `record ${row} has the form of its footer (footerPattern), and would pass as a record`
    : `record ${row} is among its last ${lines}, its footer (footerLines), and would pass as a record: the footer may be missing or shorter`;

async function readSums(engine: Engine, contract: SourceContract): Promise<(MeasureSum & { id: string })[]> {
  const sums: (MeasureSum & { id: string })[] = [];
  for (const [n, { column }] of contract.measures.entries()) {
    const rows = await engine.rows(
      `SELECT source_file_id AS id, ${measureByColumn(n)} AS "by", CAST(-sum(${measureColumn(n)}) AS VARCHAR) AS total
       FROM rejects JOIN footers ON source_file_id = file$ AND source_row_number = row$
       WHERE ${measureColumn(n)} IS NOT NULL AND NOT may_be_total GROUP BY ALL`,
    );
    for (const row of rows)
      sums.push({
        id: textOf(row, 'id'),
        measure: column,
        by: typeof row.by === 'string' ? row.by : null,
        sum: textOf(row, 'total'),
      });
  }
  return sums;
}
