import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { heldRunKeys, readRun, runKeys } from '../../../etl/operations/find-run.ts';
import { RunRecord } from '../../../etl/stages/outcomes.ts';
import { newestPage } from '../../api/newest.ts';
import { placeOf } from '../../api/paging.ts';
import { datasetAt, runAt, runsAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Choice } from '../parts/choice.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { Filter } from '../parts/filter.tsx';
import { RunStatus } from '../parts/status.tsx';
import { count, duration, Id, Time } from '../parts/text.tsx';
import { UnderWay } from '../parts/under-way.tsx';
import { followedAll } from './run-under-way.tsx';

const ROWS = 50;

/** The runs, newest first, of one dataset or all, of one status or all. */
export const runs: Page = {
  path: '/runs',
  permission: 'runs.read',
  isAsked: true,
  async render({ query, service }) {
    const underWay = query.cursor === undefined ? await service.runs.now() : [];
    const { effects } = service.lake;
    const [dataset, status] = [query.dataset || undefined, query.status || undefined];
    const keysOf = status === 'held' ? heldRunKeys : runKeys;
    const { page, next } = await newestPage(keysOf(effects, { dataset, before: placeOf(query.cursor) }), {
      limit: ROWS,
      read: (key) => readRun(effects, key),
      isMeant: (run) => status === undefined || run.status === status,
    });
    const datasets = [...(await loadContracts(effects.contracts)).contracts.values()]
      .filter(({ layer }) => layer === 'silver')
      .map((one) => one.dataset);
    return {
      title: 'Runs',
      ...(query.cursor === undefined ? followedAll(underWay) : {}),
      body: (
        <>
          <h1>Runs</h1>
          <UnderWay runs={underWay.filter((run) => dataset === undefined || run.dataset === dataset)} />
          <Filter action={runsAt} reset={dataset !== undefined || status !== undefined}>
            <Choice name="dataset" all="all datasets" options={datasets} chosen={dataset} />
            <Choice
              name="status"
              all="however they ended"
              options={RunRecord.shape.status.options}
              chosen={status}
            />
          </Filter>
          <Runs found={page} />
          {next !== null && (
            <a href={`${runsAt}?${new URLSearchParams({ ...query, cursor: next })}`}>Older runs</a>
          )}
        </>
      ),
    };
  },
};

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
