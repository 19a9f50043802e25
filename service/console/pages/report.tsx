import { acceptRestatement } from '../../../etl/operations/accept-restatement.ts';
import { closeMonth } from '../../../etl/operations/close-month.ts';
import { reopenMonth } from '../../../etl/operations/reopen-month.ts';
import { isAllowed } from '../../identity/identity.ts';
import { noteProductRead } from '../../products/note-product-read.ts';
import { datasetAt, reportAt, reportFileAt } from '../addresses.ts';
import type { Action, Page, PageRequest } from '../page.ts';
import { Empty, Facts } from '../parts/facts.tsx';
import { Time } from '../parts/text.tsx';
import { Changes } from '../reports/changes.tsx';
import { ReportChart } from '../reports/chart.tsx';
import { Closings } from '../reports/closings.tsx';
import { Figures } from '../reports/figures.tsx';
import { Pickers } from '../reports/pickers.tsx';
import { readReport, type ShownReport } from '../reports/read-report.ts';
import { wordOf } from '../word-of.ts';

/** A report: its figures now or at any moment, what changed since, and the decisions on its months. */
export const report: Page = {
  path: '/reports/{report}',
  permission: 'gold.read',
  isAsked: true,
  async render(request) {
    const found = await readReport(request);
    const { dataset, description, inputs } = found.contract;
    if ('rows' in found)
      await noteProductRead(request.service, { identity: request.identity, way: 'console' }, { dataset });
    return {
      title: dataset,
      body: (
        <>
          <h1>{dataset}</h1>
          <p class="lead">{description}</p>
          {'rows' in found ? (
            <ReportBody request={request} report={found} />
          ) : (
            <Empty>
              It was not made yet: <code>assay run --dataset {inputs[0]}</code> makes it.
            </Empty>
          )}
        </>
      ),
    };
  },
};

function ReportBody({
  request,
  report: shown,
}: {
  readonly request: PageRequest;
  readonly report: ShownReport;
}) {
  const { identity, service, csrf } = request;
  const may = (permission: Parameters<typeof isAllowed>[1]): boolean =>
    isAllowed(identity, permission, service);
  return (
    <>
      <Pickers report={shown} />
      <State report={shown} now={service.lake.effects.clock.now()} />
      {shown.changes !== undefined && <Changes changes={shown.changes} seesRuns={may('runs.read')} />}
      {shown.chart !== undefined && <ReportChart chart={shown.chart} month={shown.asked.month} />}
      <Figures report={shown} seesLines={may('silver.read')} />
      <Closings report={shown} csrf={csrf} decides={may('closings.decide')} />
    </>
  );
}

const FORMATS = { csv: 'CSV', xlsx: 'XLSX', parquet: 'Parquet' } as const;

/** Which state it is, and where it is to be had as a file. */
function State({
  report: { contract, asked, facts },
  now,
}: {
  readonly report: ShownReport;
  readonly now: Date;
}) {
  const { month, asOf } = asked;
  return (
    <>
      <Facts
        of={[
          ['month', month ?? 'all'],
          ['published', <Time at={facts.committedAt} />],
          ['snapshot', facts.snapshotId === null ? 'none' : <code>{String(facts.snapshotId)}</code>],
          [
            'made from',
            facts.madeFrom.map(({ dataset, snapshotId }) => (
              <div>
                <a href={datasetAt(dataset)}>{dataset}</a> snapshot <code>{String(snapshotId)}</code>
              </div>
            )),
          ],
          ['contract', facts.contractVersion ?? contract.version],
          ['owner', contract.owner],
          ['read', <Time at={now.toISOString()} />],
        ]}
      />
      {asOf !== undefined && (
        <p class="empty">
          This is the report as it was, and not as it is:{' '}
          <a href={reportAt(contract.dataset, { month })}>show it as it is now</a>.
        </p>
      )}
      <p class="beside screen">
        {Object.entries(FORMATS).map(([format, name]) => (
          <a href={reportFileAt(contract.dataset, { format, month, asOf })}>{name}</a>
        ))}
      </p>
    </>
  );
}

/** Closes a month with the rows that the page showed. */
export const closeReport: Action = {
  path: '/reports/{report}/close',
  permission: 'closings.decide',
  async act(request) {
    const { params, form, service } = request;
    const { month = '', digest } = form;
    const word = wordOf(request);
    const wanted = { report: params.report ?? '', month, digest: digest ?? '' };
    const closed = await closeMonth(service.lake.effects, wanted, word);
    request.board.forget(closed.report);
    return reportAt(closed.report, { month });
  },
};

/** Reopens a month, where it is still closed as the page showed. */
export const reopenReport: Action = {
  path: '/reports/{report}/reopen',
  permission: 'closings.decide',
  async act(request) {
    const { params, form, service } = request;
    const { month = '', closing = '', waiting } = form;
    const word = wordOf(request);
    const looked = { closing, waiting: waiting || undefined };
    const wanted = { report: params.report ?? '', month, looked };
    const opened = await reopenMonth(service.lake.effects, wanted, word);
    request.board.forget(opened.report);
    return reportAt(opened.report, { month });
  },
};

/** Accepts exactly the restatement that the page showed. */
export const acceptReport: Action = {
  path: '/reports/{report}/accept',
  permission: 'closings.decide',
  async act(request) {
    const { form, service } = request;
    const word = wordOf(request);
    const { report: name, month } = await acceptRestatement(
      service.lake.effects,
      form.restatement ?? '',
      word,
    );
    request.board.forget(name);
    return reportAt(name, { month });
  },
};
