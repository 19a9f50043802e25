import type { PublishedSnapshot } from '../../../etl/query/list-snapshots.ts';
import { reportAt } from '../addresses.ts';
import type { ShownReport } from './read-report.ts';

/** Published states that can be chosen; for others, a time is written. */
const MOST_STATES = 50;

/** Chooses month, state, comparison and chart of a report; works by address alone. */
export function Pickers({ report }: { readonly report: ShownReport }) {
  const { contract, asked, months, states, chart } = report;
  return (
    <form method="get" action={reportAt(contract.dataset)} class="pickers" aria-label="What is shown">
      <p>
        <label for="month">Month</label>
        <select id="month" name="month">
          <option value="">all months</option>
          {withOwn(
            months.map(({ month }) => month),
            asked.month,
          ).map((month) => (
            <option value={month} selected={month === asked.month}>
              {month}
            </option>
          ))}
        </select>
      </p>
      <Moment
        {...{ name: 'asOf', written: 'at', label: 'As it was', none: 'now', chosen: asked.asOf, states }}
      />
      <Moment
        {...{
          ...{ name: 'since', written: 'sinceAt', label: 'What changed since', none: 'do not compare' },
          ...{ chosen: asked.since, states },
        }}
      />
      {chart !== undefined && (
        <>
          <Choice {...{ name: 'measure', label: 'Chart', options: chart.measures, chosen: chart.measure }} />
          {chart.dimensions.length > 0 && (
            <Choice
              {...{
                name: 'by',
                label: 'by',
                options: chart.dimensions,
                chosen: chart.by,
                none: 'month only',
              }}
            />
          )}
        </>
      )}
      <button type="submit">Show</button>
    </form>
  );
}

function Choice({
  name,
  label,
  options,
  chosen,
  none,
}: {
  readonly name: string;
  readonly label: string;
  readonly options: readonly string[];
  readonly chosen: string | undefined;
  readonly none?: string;
}) {
  return (
    <p>
      <label for={name}>{label}</label>
      <select id={name} name={name}>
        {none !== undefined && <option value="">{none}</option>}
        {options.map((option) => (
          <option value={option} selected={option === chosen}>
            {option}
          </option>
        ))}
      </select>
    </p>
  );
}

/** Chooses a published state, or takes a time that is written. */
function Moment({
  name,
  written,
  label,
  none,
  chosen,
  states,
}: {
  readonly name: string;
  readonly written: string;
  readonly label: string;
  readonly none: string;
  readonly chosen: string | undefined;
  readonly states: readonly PublishedSnapshot[];
}) {
  const listed = states.slice(0, MOST_STATES);
  const isListed = listed.some(({ snapshotId }) => String(snapshotId) === chosen);
  return (
    <p>
      <label for={name}>{label}</label>
      <select id={name} name={name}>
        <option value="">{none}</option>
        {listed.map(({ snapshotId, committedAt, isCurrent }) => (
          <option value={String(snapshotId)} selected={String(snapshotId) === chosen}>
            {secondsOf(committedAt)}
            {isCurrent ? ' (newest)' : ''}
          </option>
        ))}
      </select>{' '}
      <label for={written}>or at</label>
      <input
        id={written}
        name={written}
        value={isListed ? '' : (chosen ?? '')}
        placeholder="2024-05-01T12:00Z"
        title="a time, or a day, which stands for its end; UTC unless it says otherwise"
        size={18}
        autocomplete="off"
      />
    </p>
  );
}

/** `2024-05-01 12:00:07`: states may be seconds apart. */
const secondsOf = (at: string): string => at.slice(0, 19).replace('T', ' ');

/** The months there are, with the one that is asked for. */
const withOwn = (months: readonly string[], own: string | undefined): readonly string[] =>
  own === undefined || months.includes(own) ? months : [own, ...months];
