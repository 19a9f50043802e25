import type { ClosingRecord } from '../../../etl/closing/closing-record.ts';
import type { WaitingRestatement } from '../../../etl/closing/list-restatements.ts';
import { reportAt, reportFileAt } from '../addresses.ts';
import { Table } from '../parts/facts.tsx';
import { Status } from '../parts/status.tsx';
import { count, grouped, plural, Time } from '../parts/text.tsx';
import type { ShownReport } from './read-report.ts';

/** The closed months of a report, what waits for them, and the forms that decide on them. */
export function Closings({
  report,
  csrf,
  decides,
}: {
  readonly report: ShownReport;
  readonly csrf: string | undefined;
  readonly decides: boolean;
}) {
  const { closings, contract, waiting } = report;
  if (closings === undefined) return null;
  const token = decides ? csrf : undefined;
  return (
    <>
      {waiting.map((one) => (
        <Waiting restatement={one} csrf={token} />
      ))}
      <h2>Closed months</h2>
      {closings.length === 0 ? (
        <p class="soft">
          None. A month that is closed stays as it is, whatever files come late.
          {decides && report.asked.month === undefined && (
            <span class="on-screen"> Choose a month above to close it.</span>
          )}
        </p>
      ) : (
        <Table
          caption="Closed months"
          columns={['month', 'state', 'closed', 'by', 'why', 'rows#', 'digest', 'as it was closed']}
          rows={closings
            .toSorted((a, b) => (`${a.month} ${a.at}` < `${b.month} ${b.at}` ? 1 : -1))
            .map((closing) => [
              <a href={reportAt(contract.dataset, { month: closing.month })}>{closing.month}</a>,
              <State closing={closing} />,
              <Time at={closing.at} />,
              closing.by,
              closing.reason,
              count(closing.rows),
              <code title={closing.digest}>{closing.digest.slice(0, 12)}…</code>,
              <Files closing={closing} />,
            ])}
        />
      )}
      <Decide report={report} csrf={token} />
    </>
  );
}

function State({ closing: { ended } }: { readonly closing: ClosingRecord }) {
  if (ended === null) return <Status mood="good" word="closed" />;
  return (
    <>
      <Status mood="none" word={ended.how} />
      <div class="soft">
        <Time at={ended.at} /> {ended.by}: {ended.reason}
      </div>
    </>
  );
}

function Files({ closing: { report, month, id } }: { readonly closing: ClosingRecord }) {
  return (
    <span class="screen">
      {['csv', 'xlsx'].map((format) => (
        <>
          <a href={reportFileAt(report, { month, closing: id, format }, '/closed')}>
            {format.toUpperCase()}
          </a>{' '}
        </>
      ))}
    </span>
  );
}

interface Form {
  readonly csrf: string | undefined;
}

/** What would change a closed month, and the form that accepts exactly that. */
function Waiting({
  restatement: { id, report, month, figures, rows, since, runId },
  csrf,
}: Form & { readonly restatement: WaitingRestatement }) {
  return (
    <section class="needs" aria-labelledby={`waits-${id}`}>
      <h2 id={`waits-${id}`}>Late data would change {month}, which is closed</h2>
      <p>
        It would have {plural(figures.length, 'other value')} in {plural(rows.waiting, 'row')}; it was closed
        with {count(rows.closed)}. It waits since <Time at={since} />, after {runId}.
      </p>
      <Table
        caption={`What would change ${month}`}
        columns={['row', 'figure', 'as closed#', 'as it would be#']}
        rows={figures.map(({ key, column, old, new: now }) => [
          Object.values(key)
            .map((value) => (value === null ? 'NULL' : String(value)))
            .join(' · '),
          column,
          old === null ? 'none' : grouped(old),
          now === null ? 'none' : grouped(now),
        ])}
      />
      {csrf !== undefined && (
        <form method="post" action={`${reportAt(report)}/accept`} class="reasoned">
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="restatement" value={id} />
          <input type="hidden" name="month" value={month} />
          <label for={`accept-${id}`}>Why {month} may change</label>
          <input id={`accept-${id}`} name="reason" required maxlength={2000} autocomplete="off" />
          <button type="submit">
            Publish {plural(figures.length, 'other value')} and close {month} anew
          </button>
        </form>
      )}
    </section>
  );
}

/** The form that closes the month that is looked at, or reopens it, bound to what the page shows. */
function Decide({ report, csrf }: Form & { readonly report: ShownReport }) {
  const { contract, asked, closings, waiting, digest, months } = report;
  const { month } = asked;
  if (csrf === undefined || month === undefined || asked.asOf !== undefined) return null;
  const at = reportAt(contract.dataset);
  const closed = closings?.find((one) => one.month === month && one.ended === null);
  const rows = months.find((one) => one.month === month)?.rows ?? 0;
  if (closed === undefined && digest === undefined) return null;
  return (
    <section class="decide" aria-labelledby="decide">
      <h2 id="decide">{closed === undefined ? `Close ${month}` : `Reopen ${month}`}</h2>
      <form method="post" action={`${at}/${closed === undefined ? 'close' : 'reopen'}`}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="month" value={month} />
        {closed === undefined ? (
          <>
            <p>Its rows stay as they are, whatever comes later; what would change them waits for you.</p>
            <input type="hidden" name="digest" value={digest} />
          </>
        ) : (
          <>
            <p>It follows its source files again, and what waits for it is published at once.</p>
            <input type="hidden" name="closing" value={closed.id} />
            <input
              type="hidden"
              name="waiting"
              value={waiting.find((one) => one.month === month)?.id ?? ''}
            />
          </>
        )}
        <label for="decide-reason">Why</label>
        <input id="decide-reason" name="reason" required maxlength={2000} autocomplete="off" />
        <button type="submit" class={closed === undefined ? '' : 'plain'}>
          {closed === undefined ? `Close ${month}, ${plural(rows, 'row')}` : `Reopen ${month}`}
        </button>
      </form>
    </section>
  );
}
