import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { measureColumn } from '../refining/rejects.ts';
import type { SpanLines, UnreadMeasure } from '../stages/documents.ts';

/** How many lines the records of `verdicts` that can't be parsed have beyond one each, by verdict, of those for which a condition holds; undefined where none has. */
export async function countSpanLines(engine: Engine, which = 'true'): Promise<SpanLines | undefined> {
  const [row = {}] = await engine.rows(
    `SELECT CAST(coalesce(sum(lines - 1) FILTER (verdict = 'quarantined'), 0) AS BIGINT) AS quarantined,
       CAST(coalesce(sum(lines - 1) FILTER (verdict = 'condemned'), 0) AS BIGINT) AS condemned FROM verdicts WHERE ${which}`,
  );
  const lines = { quarantined: integerOf(row, 'quarantined'), condemned: integerOf(row, 'condemned') };
  return lines.quarantined + lines.condemned === 0 ? undefined : lines;
}

/** The records of `verdicts` whose measure could not be read, so that no control total has it: by file and measure. */
export async function countUnread(
  engine: Engine,
  contract: SourceContract,
  keyOf: (sourceFileId: string) => string,
): Promise<UnreadMeasure[]> {
  const unread: UnreadMeasure[] = [];
  for (const [n, { column }] of contract.measures.entries()) {
    const rows = await engine.rows(
      `SELECT source_file_id AS id, count(*) AS n FROM verdicts
       WHERE ${measureColumn(n)} IS NULL AND NOT may_be_total GROUP BY ALL ORDER BY id`,
    );
    for (const row of rows)
      unread.push({ key: keyOf(textOf(row, 'id')), measure: column, records: integerOf(row, 'n') });
  }
  return unread;
}
