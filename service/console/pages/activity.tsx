import { decisionsPrefix } from '../../../etl/naming/decisions.ts';
import { newestKeys } from '../../../etl/operations/newest-keys.ts';
import { getDocument } from '../../../etl/stages/documents.ts';
import { Decision } from '../../../etl/stages/outcomes.ts';
import { newestPage } from '../../api/newest.ts';
import { placeOf } from '../../api/paging.ts';
import { activityAt, datasetAt, runAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { Id, Time } from '../parts/text.tsx';

const ROWS = 50;

/** What people decided: who, when and why. */
export const activity: Page = {
  path: '/activity',
  permission: 'decisions.read',
  async render({ query, service }) {
    const { objects, clock } = service.lake.effects;
    const before = placeOf(query.cursor);
    const keys = newestKeys(objects, decisionsPrefix(), {
      nowMs: clock.now().getTime(),
      ...(before === undefined ? {} : { before }),
    });
    const { page, next } = await newestPage(keys, {
      limit: ROWS,
      read: (key) => getDocument(objects, key, Decision),
      isMeant: () => true,
    });
    return {
      title: 'Activity',
      body: (
        <>
          <h1>Activity</h1>
          <Decisions found={page} />
          {next !== null && <a href={`${activityAt}?cursor=${encodeURIComponent(next)}`}>Older decisions</a>}
        </>
      ),
    };
  },
};

function Decisions({ found }: { readonly found: readonly Decision[] }) {
  if (found.length === 0)
    return (
      <Empty>
        Nothing was decided yet: approvals, refusals, corrections, rollbacks and closings are listed here,
        with who and why.
      </Empty>
    );
  return (
    <Table
      caption="Decisions"
      columns={['when', 'who', 'what', 'dataset', 'run', 'why']}
      rows={found.map(({ at, by, kind, dataset, runId, reason }) => [
        <Time at={at} />,
        by,
        kind.replaceAll('-', ' '),
        <a href={datasetAt(dataset)}>{dataset}</a>,
        runId === null ? (
          ''
        ) : (
          <a href={runAt(runId)}>
            <Id id={runId} />
          </a>
        ),
        reason,
      ])}
    />
  );
}
