import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { decisionsPrefix } from '../../../etl/naming/decisions.ts';
import { PRIVACY_DATASET } from '../../../etl/naming/privacy.ts';
import { newestKeys } from '../../../etl/operations/newest-keys.ts';
import { Decision } from '../../../etl/stages/outcomes.ts';
import { getDocument } from '../../../etl/stages/stored-documents.ts';
import { newestPage } from '../../api/newest.ts';
import { placeOf } from '../../api/paging.ts';
import { activityAt, datasetAt, privacyAt, reportAt, runAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Choice } from '../parts/choice.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { Filter } from '../parts/filter.tsx';
import { Id, plural, Time } from '../parts/text.tsx';

const ROWS = 50;

/** What people decided: who, when and why. */
export const activity: Page = {
  path: '/activity',
  permission: 'decisions.read',
  isAsked: true,
  async render({ query, service }) {
    const { objects, clock, contracts } = service.lake.effects;
    const [dataset, kind] = [query.dataset || undefined, query.kind || undefined];
    const before = placeOf(query.cursor);
    const keys = newestKeys(objects, decisionsPrefix(), {
      nowMs: clock.now().getTime(),
      ...(before === undefined ? {} : { before }),
    });
    const { page, next } = await newestPage(keys, {
      limit: ROWS,
      read: (key) => getDocument(objects, key, Decision),
      isMeant: (one) =>
        (dataset === undefined || one.dataset === dataset) && (kind === undefined || one.kind === kind),
    });
    return {
      title: 'Activity',
      body: (
        <>
          <h1>Activity</h1>
          <Filter action={activityAt} reset={dataset !== undefined || kind !== undefined}>
            <Choice
              name="dataset"
              all="all datasets"
              options={[...(await loadContracts(contracts)).contracts.keys()]}
              chosen={dataset}
            />
            <Choice
              name="kind"
              all="whatever was decided"
              options={Decision.shape.kind.options}
              chosen={kind}
            />
          </Filter>
          <Decisions found={page} />
          {next !== null && (
            <a href={`${activityAt}?${new URLSearchParams({ ...query, cursor: next })}`}>Older decisions</a>
          )}
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
      columns={['when', 'who', 'what', 'dataset', 'about', 'why']}
      rows={found.map((decision) => {
        const { at, by, kind, dataset, reason } = decision;
        return [
          <Time at={at} />,
          by,
          kind.replaceAll('-', ' '),
          dataset === PRIVACY_DATASET ? (
            <a href={privacyAt}>privacy</a>
          ) : (
            <a href={datasetAt(dataset)}>{dataset}</a>
          ),
          <About decision={decision} />,
          reason,
        ];
      })}
    />
  );
}

/** What a decision is about: the run, the month of a report, how many records or files. */
function About({ decision: { dataset, runId, details } }: { readonly decision: Decision }) {
  const { month, records, files } = details;
  const said = [
    ...(typeof records === 'number' ? [plural(records, 'record')] : []),
    ...(typeof files === 'number' ? [plural(files, 'file')] : []),
    ...(Array.isArray(files) ? [plural(files.length, 'file')] : []),
  ].join(', ');
  return (
    <>
      {runId !== null && (
        <a href={runAt(runId)}>
          <Id id={runId} />
        </a>
      )}
      {typeof month === 'string' && <a href={reportAt(dataset, { month })}>{month}</a>}
      {said !== '' && ` ${said}`}
    </>
  );
}
