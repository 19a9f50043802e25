import { identifier, literal } from '../engine/sql.ts';
import type { LakeView } from './lake-view.ts';
import { isHiddenFrom, maskSql, type Reader } from './reader.ts';

/** What the views are made from, with all their values, by the views' names. */
type Bases = ReadonlyMap<string, string>;

const NONE = `SELECT '' AS dataset, '' AS stream, 0::BIGINT AS events, 0::BIGINT AS missing, 0::BIGINT AS first_missing, 0::BIGINT AS last_version WHERE false`;

/**
 * SELECT of the streams of event datasets in which events are missing now: how many events there are and are missing, the
 * first version that is, and the last that is there. Versions begin at 1, or where a stream has an earlier one, there.
 */
export function eventGapsSelect(
  views: readonly LakeView[],
  { bases, reader }: { readonly bases: Bases; readonly reader: Reader | undefined },
): string {
  const selects = views.flatMap((view) => {
    const { contract, layer, dataset } = view;
    if (layer !== 'silver' || contract.layer !== 'silver' || contract.events?.contiguous !== true) return [];
    const { stream, version } = contract.events;
    const shown = isHiddenFrom(reader, contract, { layer, column: stream }) ? maskSql('stream$') : 'stream$';
    return [
      `SELECT ${literal(dataset)} AS dataset, ${shown} AS stream, events, missing, first_missing, last_version
       FROM (${gapsSql(bases.get(view.name) ?? view.name, { stream, version })})`,
    ];
  });
  return selects.length === 0 ? NONE : selects.join(' UNION ALL ');
}

function gapsSql(
  from: string,
  { stream, version }: { readonly stream: string; readonly version: string },
): string {
  const events = `SELECT CAST(${identifier(stream)} AS VARCHAR) AS stream$, CAST(${identifier(version)} AS BIGINT) AS version$ FROM ${from}`;
  // Few streams have gaps, and only their versions are put in order.
  return `WITH events$ AS (${events}),
    some$ AS (
      SELECT stream$, count(*) AS events, max(version$) AS last_version, max(version$) - least(min(version$), 1) + 1 - count(*) AS missing
      FROM events$ GROUP BY stream$ HAVING missing > 0),
    steps$ AS (
      SELECT stream$, version$, lag(version$, 1, 0) OVER (PARTITION BY stream$ ORDER BY version$) AS before$
      FROM events$ SEMI JOIN some$ USING (stream$))
    SELECT stream$, any_value(events) AS events, CAST(any_value(missing) AS BIGINT) AS missing, min(before$ + 1) FILTER (version$ > before$ + 1) AS first_missing, any_value(last_version) AS last_version
    FROM steps$ JOIN some$ USING (stream$) GROUP BY stream$ ORDER BY stream$`;
}
