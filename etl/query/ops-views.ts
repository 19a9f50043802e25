import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { restatementsSql } from '../gold/restatements-sql.ts';
import { closingsPrefix, restatementsPrefix } from '../naming/closings.ts';
import { type Layer, tableName } from '../naming/datasets.ts';
import { decisionsPrefix } from '../naming/decisions.ts';
import { REVEALS_PREFIX } from '../naming/privacy.ts';
import { runsPrefix } from '../naming/runs.ts';
import { alertsPrefix } from '../naming/told.ts';
import type { Effects } from '../ports.ts';
import { isCurrentSql, lastReadsSql } from '../quarantine/current-rejects.ts';
import { foldSql } from '../quarantine/fold.ts';
import { loadRetryTables, retryTables } from '../quarantine/retry-files.ts';
import { type DatasetState, keptStates, statesOf } from '../stages/dataset-history.ts';
import { eventGapsSelect } from './event-gaps.ts';
import type { LakeView } from './lake-view.ts';
import { maskedRestatements } from './masked-restatements.ts';
import type { OPS_TABLES } from './ops-tables.ts';
import { isHiddenFrom, maskSql, type Reader } from './reader.ts';

/** Fields of a kind of document with their DuckDB types. */
type Fields = Readonly<Record<string, string>>;

const RUN_FIELDS: Fields = {
  runId: 'VARCHAR',
  dataset: 'VARCHAR',
  status: 'VARCHAR',
  counts:
    'STRUCT(records BIGINT, silver BIGINT, quarantined BIGINT, condemned BIGINT, blank BIGINT, footer BIGINT, repeats BIGINT, forgotten BIGINT)',
  reasons: 'JSON',
  controlTotals: 'JSON',
  files: 'JSON',
  snapshotId: 'BIGINT',
  sealDigest: 'VARCHAR',
  contractVersion: 'VARCHAR',
  why: 'VARCHAR[]',
  startedAt: 'TIMESTAMPTZ',
  endedAt: 'TIMESTAMPTZ',
  durationMs: 'BIGINT',
};

const ALERT_FIELDS: Fields = {
  kind: 'VARCHAR',
  dataset: 'VARCHAR',
  runId: 'VARCHAR',
  at: 'TIMESTAMPTZ',
  title: 'VARCHAR',
  readersSee: 'VARCHAR',
  nextCommand: 'VARCHAR',
  details: 'JSON',
};

const DECISION_FIELDS: Fields = {
  id: 'VARCHAR',
  kind: 'VARCHAR',
  dataset: 'VARCHAR',
  at: 'TIMESTAMPTZ',
  by: 'VARCHAR',
  reason: 'VARCHAR',
  runId: 'VARCHAR',
  details: 'JSON',
};

const CLOSING_FIELDS: Fields = {
  id: 'VARCHAR',
  report: 'VARCHAR',
  month: 'VARCHAR',
  at: 'TIMESTAMPTZ',
  by: 'VARCHAR',
  reason: 'VARCHAR',
  digest: 'VARCHAR',
  rows: 'BIGINT',
  rowsKey: 'VARCHAR',
  snapshotId: 'BIGINT',
  tag: 'VARCHAR',
  inputs: 'JSON',
  contractVersion: 'VARCHAR',
  replaces: 'VARCHAR',
  restatement: 'VARCHAR',
  ended: 'STRUCT(how VARCHAR, "at" TIMESTAMPTZ, "by" VARCHAR, reason VARCHAR)',
};

const REVEAL_FIELDS: Fields = {
  id: 'VARCHAR',
  at: 'TIMESTAMPTZ',
  by: 'VARCHAR',
  reason: 'VARCHAR',
  how: 'VARCHAR',
  groups: 'VARCHAR[]',
  columns: 'STRUCT(dataset VARCHAR, "column" VARCHAR, "values" BIGINT)[]',
};

/** As of when the tables of `ops` are made, and for whom; as they are now, and for this process, unless said. */
interface OpsOptions {
  readonly atMs?: number | undefined;
  readonly reader?: Reader | undefined;
  /** What the tables' views are made from, with all values, by the tables' names. */
  readonly bases?: ReadonlyMap<string, string>;
}

/** Makes the tables of `ops`. */
export async function createOpsViews(
  engine: Engine,
  effects: Effects,
  views: readonly LakeView[],
  { atMs, reader, bases = new Map() }: OpsOptions = {},
): Promise<void> {
  const view = (name: keyof typeof OPS_TABLES, select: string): Promise<void> =>
    engine.run(`CREATE OR REPLACE VIEW ops.${name} AS ${select}`);
  const until = (column: string): string =>
    atMs === undefined ? '' : ` WHERE ${column} <= to_timestamp(${atMs / 1000})`;
  await view(
    'runs',
    `SELECT runId AS run_id, dataset, status, counts.records AS records, counts.silver AS silver, counts.quarantined AS quarantined,
       counts.condemned AS condemned, counts.blank AS blank, coalesce(counts.footer, 0) AS footer, coalesce(counts.repeats, 0) AS repeats, coalesce(counts.forgotten, 0) AS forgotten, reasons, controlTotals AS control_totals, snapshotId AS snapshot_id,
       sealDigest AS seal_digest, contractVersion AS contract_version, why, startedAt AS started_at, endedAt AS ended_at, durationMs AS duration_ms
     FROM ${await readDocuments(effects, runsPrefix(), RUN_FIELDS)}${until('startedAt')}`,
  );
  await view(
    'alerts',
    `SELECT kind, dataset, runId AS run_id, "at", title, readersSee AS readers_see, nextCommand AS next_command, details
     FROM ${await readDocuments(effects, alertsPrefix(), ALERT_FIELDS)}${until('"at"')}`,
  );
  await view(
    'decisions',
    `SELECT id, kind, dataset, "at", "by", reason, runId AS run_id, details
     FROM ${await readDocuments(effects, decisionsPrefix(), DECISION_FIELDS)}${until('"at"')}`,
  );
  await view(
    'closings',
    `SELECT id, report, CAST(month || '-01' AS DATE) AS as_of_month, "at" AS closed_at, "by" AS closed_by, reason, ended IS NULL AS is_closed, "rows", digest, rowsKey AS rows_key,
       snapshotId AS snapshot_id, tag, inputs, contractVersion AS contract_version, replaces, restatement, ended.how AS ended_how, ended."at" AS ended_at, ended."by" AS ended_by, ended.reason AS ended_reason
     FROM ${await readDocuments(effects, closingsPrefix(), CLOSING_FIELDS)}${until('"at"')}`,
  );
  await view(
    'reveals',
    `SELECT id, "at", "by", reason, how, "groups", shown.dataset, shown."column", shown."values"
     FROM (SELECT *, unnest(CASE WHEN len("columns") > 0 THEN "columns" ELSE [NULL] END) AS shown FROM ${await readDocuments(effects, REVEALS_PREFIX, REVEAL_FIELDS)}${until('"at"')})`,
  );
  const restatements = maskedRestatements(await restatementsSelect(effects), views, reader);
  await view('restatements', `SELECT * FROM (${restatements})${until('refreshed_at')}`);
  await view('event_gaps', eventGapsSelect(views, { bases, reader }));
  await view('source_files', unionOf(views, 'source_files', ''));
  await view('condemned', unionOf(views, 'condemned', 'dataset'));
  const sources = views.filter(({ layer }) => layer === 'quarantine').map(({ dataset }) => dataset);
  for (const dataset of sources) await loadRetryTables(engine, effects, dataset, atMs);
  await view('quarantine', openQuarantineSelect(views, { atMs, reader, bases }));
  const hides = reader !== undefined && reader.hidden.size > 0;
  const tablesOf = (kind: keyof typeof VALUES_OF): string => {
    const masks = VALUES_OF[kind].map((name) => `${maskSql(name)} AS ${name}`);
    const shown = hides ? `* REPLACE (${masks.join(', ')})` : '*';
    return (
      sources
        .map(
          (dataset) => `SELECT ${literal(dataset)} AS dataset, ${shown} FROM ${retryTables(dataset)[kind]}`,
        )
        .join(' UNION ALL ') || NO_DATASET
    );
  };
  await view('retries', tablesOf('origins'));
  await view(
    'corrections',
    `SELECT * FROM (${tablesOf('corrections')})${sources.length > 0 ? until('decided_at') : ''}`,
  );
  await view('states', `SELECT * FROM (${await statesSelect(effects, views)})${until('committed_at')}`);
  await view('snapshots', `SELECT * FROM (${snapshotsSelect(views)})${until('committed_at')}`);
}

/** Every state that a dataset's pointer ever stood at, with the snapshots that belong together: also of those that were expired. */
async function statesSelect(effects: Effects, views: readonly LakeView[]): Promise<string> {
  const rows: string[] = [];
  for (const { dataset, table } of views.filter(({ layer }) => layer === 'source_files')) {
    const now = table === undefined ? [] : statesOf(table.metadata);
    const there = new Set(now.map((state) => state.ledger_snapshot_id));
    const before = (await keptStates(effects, dataset)).filter((one) => !there.has(one.ledger_snapshot_id));
    rows.push(...before.map((state) => stateRow(state, true)), ...now.map((state) => stateRow(state, false)));
  }
  const names =
    'dataset, version, committed_at, run_id, seal_digest, contract_version, silver_snapshot_id, quarantine_snapshot_id, condemned_snapshot_id, ledger_snapshot_id, is_expired';
  if (rows.length > 0) return `SELECT * FROM (VALUES ${rows.join(', ')}) AS states(${names})`;
  return `SELECT * FROM (VALUES ('', 0::BIGINT, now(), '', '', '', 0::BIGINT, 0::BIGINT, 0::BIGINT, 0::BIGINT, false)) AS states(${names}) WHERE false`;
}

function stateRow(state: DatasetState, isExpired: boolean): string {
  const { dataset, version, committed_at, run_id, seal_digest, contract_version, tables } = state;
  const ids = [tables.silver, tables.quarantine, tables.condemned, state.ledger_snapshot_id];
  const texts = [run_id, seal_digest, contract_version].map(literal).join(', ');
  const numbers = ids.map((id) => `CAST(${id ?? 'NULL'} AS BIGINT)`).join(', ');
  return `(${literal(dataset)}, CAST(${version} AS BIGINT), CAST(${literal(committed_at)} AS TIMESTAMPTZ), ${texts}, ${numbers}, ${isExpired})`;
}

/** The documents under a prefix as a table: each is one JSON object. */
async function readDocuments(effects: Effects, prefix: string, fields: Fields): Promise<string> {
  const keys = (await effects.objects.list(prefix))
    .map(({ key }) => key)
    .filter((key) => key.endsWith('.json'));
  const paths = await Promise.all(keys.map((key) => effects.data.localPath(key)));
  const typed = Object.entries(fields);
  if (paths.length > 0) {
    const columns = typed.map(([name, type]) => `${identifier(name)}: ${literal(type)}`).join(', ');
    return `read_json([${paths.map(literal).join(', ')}], columns = {${columns}}, format = 'unstructured')`;
  }
  const nulls = typed.map(([name, type]) => `CAST(NULL AS ${type}) AS ${identifier(name)}`);
  return `(SELECT ${nulls.join(', ')} WHERE false)`;
}

async function restatementsSelect(effects: Effects): Promise<string> {
  const keys = (await effects.objects.list(restatementsPrefix())).map(({ key }) => key);
  const paths = await Promise.all(keys.map((key) => effects.data.localPath(key)));
  return restatementsSql(paths);
}

function unionOf(views: readonly LakeView[], layer: LakeView['layer'], label: '' | 'dataset'): string {
  const selects = views
    .filter((view) => view.layer === layer)
    .map(
      (view) => `SELECT ${label === '' ? '' : `${literal(view.dataset)} AS dataset, `}* FROM ${view.name}`,
    );
  return selects.length === 0 ? NO_DATASET : selects.join(' UNION ALL ');
}

/** Where no contract is for source files. */
const NO_DATASET = 'SELECT CAST(NULL AS VARCHAR) AS dataset WHERE false';

/** Columns of what retries leave that tell values, whatever the contract says of them. */
const VALUES_OF = { origins: ['row_hash'], corrections: ['row_hash', 'old_value', 'new_value'] } as const;

/** What failed, with whether it is still open. */
function openQuarantineSelect(
  views: readonly LakeView[],
  { atMs, reader, bases = new Map() }: OpsOptions,
): string {
  // By the tables with all their values, which a reader's views may hide.
  const fromOf = (dataset: string) => (layer: Layer) => {
    const name = tableName(layer, dataset);
    return `(SELECT * FROM ${bases.get(name) ?? name})`;
  };
  const selects = views
    .filter((view) => view.layer === 'quarantine')
    .map(({ dataset, contract, layer, columns }) => {
      const from = fromOf(dataset);
      const shown = columns.map(({ name }) =>
        shownSql(name, isHiddenFrom(reader, contract, { layer, column: name })),
      );
      return `SELECT ${literal(dataset)} AS dataset, coalesce(folded.state IN ('open', 'retrying'), false) AND ${isCurrentSql()} AS is_open,
          ${shown.join(', ')}
        FROM ${from(layer)} AS r LEFT JOIN (${foldSql(dataset, atMs, from)}) AS folded ON folded.row_hash = r.row_hash
          LEFT JOIN (${lastReadsSql(from('source_files'))}) AS reads ON reads.source_file_id = r.source_file_id`;
    });
  return selects.length === 0 ? NO_DATASET : selects.join(' UNION ALL ');
}

function shownSql(column: string, isHidden: boolean): string {
  const value = `r.${identifier(column)}`;
  return isHidden ? `${maskSql(value)} AS ${identifier(column)}` : value;
}

function snapshotsSelect(views: readonly LakeView[]): string {
  const tables = views.flatMap((view) => [
    { ...view, isNow: true },
    ...view.earlier.map(({ table }) => ({ ...view, table, isNow: false })),
  ]);
  const rows = tables.flatMap(({ name, layer, dataset, table, isNow }) =>
    (table?.metadata.snapshots ?? []).map((snapshot) => {
      const { summary } = snapshot;
      const isCurrent = isNow && table?.metadata['current-snapshot-id'] === snapshot['snapshot-id'];
      const shown = layer === 'source_files' ? 'ops.source_files' : name;
      const texts = [shown, dataset, summary.operation ?? '', summary['assay.run-id'] ?? ''].map(literal);
      const counts = ['added-records', 'deleted-records', 'total-records'].map((key) =>
        Number(summary[key] ?? 0),
      );
      return `(${texts.join(', ')}, CAST(${snapshot['snapshot-id']} AS BIGINT), to_timestamp(${snapshot['timestamp-ms'] / 1000}), ${counts.join(', ')}, ${isCurrent})`;
    }),
  );
  const names =
    'table_name, dataset, operation, run_id, snapshot_id, committed_at, added_records, deleted_records, total_records, is_current';
  if (rows.length > 0) return `SELECT * FROM (VALUES ${rows.join(', ')}) AS snapshots(${names})`;
  return `SELECT * FROM (VALUES ('', '', '', '', 0::BIGINT, now(), 0, 0, 0, false)) AS snapshots(${names}) WHERE false`;
}
