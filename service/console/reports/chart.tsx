import { MonthChart } from '../charts/month-chart.tsx';
import { monthsBetween } from '../charts/scale.ts';
import { Table } from '../parts/facts.tsx';
import { grouped, plural } from '../parts/text.tsx';
import type { ChartedMeasure } from './read-chart.ts';

/** A report's measure by month, as a picture and as a table. */
export function ReportChart({
  chart: { measure, by, unit, series, seriesCount },
  month,
}: {
  readonly chart: ChartedMeasure;
  readonly month: string | undefined;
}) {
  if (series.length === 0) return null;
  const split = [unit, by].filter((name) => name !== undefined);
  const name = `${measure} by month${split.length === 0 ? '' : ` and ${split.join(', ')}`}`;
  const months = monthsBetween(series.flatMap(({ values }) => values.map((one) => one.month))).reverse();
  const values = series.map((one) => new Map(one.values.map((each) => [each.month, each.value])));
  return (
    <section aria-labelledby="chart">
      <h2 id="chart">{name}</h2>
      <MonthChart name={name} series={series} month={month} />
      {seriesCount > series.length && (
        <p class="soft">
          Shown are {series.length} of {plural(seriesCount, 'line')}: those with the greatest amounts.
        </p>
      )}
      <details class="screen">
        <summary>The chart as a table</summary>
        <Table
          caption={name}
          columns={['month', ...series.map((one) => ({ name: one.name, isNumeric: true }))]}
          rows={months.map((one) => [
            one,
            ...values.map((of) => {
              const value = of.get(one);
              return value === undefined ? <span class="soft">—</span> : <span>{grouped(value)}</span>;
            }),
          ])}
        />
      </details>
    </section>
  );
}
