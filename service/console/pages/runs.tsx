import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { readRun, runKeys } from '../../../etl/operations/find-run.ts';
import { RunRecord } from '../../../etl/stages/outcomes.ts';
import { newestPage } from '../../api/newest.ts';
import { placeOf } from '../../api/paging.ts';
import { datasetAt, runAt, runsAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { RunStatus } from '../parts/status.tsx';
import { count, duration, Id, Time } from '../parts/text.tsx';

const ROWS = 50;

/** The runs, newest first, of one dataset or all, of one status or all. */
export const runs: Page = {
  path: '/runs',
  permission: 'runs.read',
  async render({ query, service }) {
    const { effects } = service.lake;
    const [dataset, status] = [query.dataset || undefined, query.status || undefined];
    const { page, next } = await newestPage(runKeys(effects, { dataset, before: placeOf(query.cursor) }), {
      limit: ROWS,
      read: (key) => readRun(effects, key),
      isMeant: (run) => status === undefined || run.status === status,
    });
    const datasets = [...(await loadContracts(effects.contracts)).contracts.values()]
      .filter(({ layer }) => layer === 'silver')
      .map((one) => one.dataset);
    return {
      title: 'Runs',
      body: (
        <>
          <h1>Runs</h1>
          <form method="get" action={runsAt} class="filter">
            <Choice name="dataset" all="all datasets" options={datasets} chosen={dataset} />
            <Choice
              name="status"
              all="however they ended"
              options={RunRecord.shape.status.options}
              chosen={status}
            />
            <button type="submit" class="plain">
              Show
            </button>
          </form>
          <Runs found={page} />
          {next !== null && (
            <a href={`${runsAt}?${new URLSearchParams({ ...query, cursor: next })}`}>Older runs</a>
          )}
        </>
      ),
    };
  },
};

function Choice({
  name,
  all,
  options,
  chosen,
}: {
  readonly name: string;
  readonly all: string;
  readonly options: readonly string[];
  readonly chosen: string | undefined;
}) {
  return (
    <select name={name} aria-label={name}>
      <option value="">{all}</option>
      {options.map((one) => (
        <option value={one} selected={one === chosen}>
          {one}
        </option>
      ))}
    </select>
  );
}

function Runs({ found }: { readonly found: readonly RunRecord[] }) {
  if (found.length === 0)
    return (
      <Empty>
        No run is here: <code>assay ingest FILE… --dataset D</code> brings files, and <code>assay run</code>{' '}
        tests them.
      </Empty>
    );
  return (
    <Table
      caption="Runs"
      columns={[
        'run',
        'dataset',
        'status',
        'ended',
        'records#',
        'silver#',
        'quarantined#',
        'condemned#',
        'took#',
      ]}
      rows={found.map((run) => [
        <a href={runAt(run.runId)}>
          <Id id={run.runId} />
        </a>,
        <a href={datasetAt(run.dataset)}>{run.dataset}</a>,
        <RunStatus status={run.status} />,
        <Time at={run.endedAt} />,
        ...[run.counts.records, run.counts.silver, run.counts.quarantined, run.counts.condemned].map(count),
        duration(run.durationMs),
      ])}
    />
  );
}
