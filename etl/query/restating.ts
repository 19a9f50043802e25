import type { GoldContract } from '../contract/contract.ts';
import { type Engine, textOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { restatementsSql } from '../gold/restatements-sql.ts';
import { sourceName } from '../naming/bronze.ts';
import { restatementsPrefix } from '../naming/closings.ts';
import { datasetPath } from '../naming/datasets.ts';
import { decisionKey } from '../naming/decisions.ts';
import { runRecordKey } from '../naming/runs.ts';
import { readRun } from '../operations/find-run.ts';
import type { Effects } from '../ports.ts';
import { Decision } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import type { KeyChange } from './compare-rows.ts';
import type { SeenReport } from './gold-report.ts';
import { monthMakers } from './month-makers.ts';

/** A run or a decision by which published figures changed. */
export interface Restating {
  /** The run's, or the decision's. */
  readonly id: string;
  readonly kind: 'run' | 'decision';
  readonly at: string;
  /** Who decided, or approved the run; null where nobody had to. */
  readonly by: string | null;
  /** Why, in their words, or which files came. */
  readonly why: string;
}

/** What restated a report between two of its states. */
export interface Restatings {
  /** Oldest first. */
  readonly causes: readonly Restating[];
  /** Their ids by the name of a changed row, as JSON of its month and the entries of its key. */
  readonly byKey: ReadonlyMap<string, readonly string[]>;
}

/**
 * Which runs and decisions made which of the changed rows of a report what they are, after one state, up to another: those
 * that restated them; of a new row also who first published its month; of one of which neither is known, such as of a
 * closed month, everyone who published rows of the month.
 */
export async function restatingOf(
  engine: Engine,
  effects: Effects,
  {
    contract,
    from,
    to,
    changes,
  }: {
    readonly contract: GoldContract;
    readonly changes: readonly KeyChange[];
    readonly from: SeenReport;
    readonly to: SeenReport | undefined;
  },
): Promise<Restatings> {
  const listed = await effects.objects.list(`${restatementsPrefix()}${datasetPath(contract.dataset)}/`);
  const paths = await Promise.all(listed.map(({ key }) => effects.data.localPath(key)));
  const time = (at: string): string => `CAST(${literal(at)} AS TIMESTAMPTZ)`;
  // What a state has was kept just before it was committed.
  const until = to === undefined ? '' : ` AND refreshed_at <= ${time(to.committedAt)}`;
  const rows = await engine.rows(
    `SELECT DISTINCT run_id, strftime(refreshed_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS "at", strftime(as_of_month, '%Y-%m') AS month, "key"
     FROM (${restatementsSql(paths)}) WHERE waits IS NULL AND refreshed_at > ${time(from.committedAt)}${until} ORDER BY 2, 1`,
  );
  const causes = new Map<string, Restating>();
  const byKey = new Map<string, string[]>();
  for (const row of rows) {
    const [id, name] = [textOf(row, 'run_id'), nameOf(textOf(row, 'month'), textOf(row, 'key'))];
    byKey.set(name, [...(byKey.get(name) ?? []), id]);
    if (!causes.has(id)) causes.set(id, await restating(effects, contract, { id, at: textOf(row, 'at') }));
  }
  const makers = await monthMakers(effects, contract, { from, to });
  for (const change of changes) {
    const name = keyName(change);
    const known = byKey.get(name) ?? [];
    const made = makers.get(change.month) ?? [];
    const others = known.length === 0 ? made : change.change === 'added' ? made.slice(0, 1) : [];
    byKey.set(name, [...new Set([...others.map(({ id }) => id), ...known])]);
    for (const one of others)
      if (!causes.has(one.id)) causes.set(one.id, await restating(effects, contract, one));
  }
  return { causes: [...causes.values()].sort((a, b) => (a.at < b.at ? -1 : 1)), byKey };
}

/** A changed row by its month and its key's values. */
export const keyName = ({ month, key }: Pick<KeyChange, 'month' | 'key'>): string =>
  JSON.stringify([month, ...Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** The same name that changed rows have, whose keys are text. */
function nameOf(month: string, key: string): string {
  const entries = Object.entries(JSON.parse(key) as Record<string, unknown>).map(([name, value]) => [
    name,
    value === null ? null : String(value),
  ]);
  return JSON.stringify([month, ...entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))]);
}

async function restating(
  effects: Effects,
  { dataset, inputs }: GoldContract,
  { id, at }: { readonly id: string; readonly at: string },
): Promise<Restating> {
  const decided = await decisionOf(effects, dataset, id);
  if (decided !== undefined)
    return { id, kind: 'decision', at, by: decided.by, why: `${inWords(decided.kind)}: ${decided.reason}` };
  for (const input of inputs) {
    const run = await readRun(effects, runRecordKey(input, id));
    if (run === undefined) continue;
    const approved = await decisionOf(effects, input, `${id}-approved`);
    const files = run.files.filter(({ status }) => status === 'accepted').map(({ key }) => sourceName(key));
    const came = files.length === 0 ? 'no file came' : filesText(files);
    const why = approved === undefined ? came : `${came}; approved: ${approved.reason}`;
    return { id, kind: 'run', at, by: approved?.by ?? null, why };
  }
  return { id, kind: 'run', at, by: null, why: 'its record is not kept' };
}

async function decisionOf(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
  id: string,
): Promise<Decision | undefined> {
  const key = decisionKey(dataset, id);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Decision);
}

const inWords = (kind: Decision['kind']): string => kind.replaceAll('-', ' ');

/** Files that a sentence names. */
const NAMED = 3;

function filesText(files: readonly string[]): string {
  const rest = files.length - NAMED;
  return `from ${files.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
