import { isNumeric } from '../../../etl/answers/cell.ts';
import type { Contract } from '../../../etl/contract/contract.ts';
import { duckType } from '../../../etl/contract/duck-type.ts';
import { amountUnit } from '../../../etl/gold/amount-unit.ts';
import { type ReportView, reportSeries } from '../../../etl/query/report-view.ts';
import type { Series } from '../charts/month-chart.tsx';

/** Lines that a chart has room for. */
export const MOST_SERIES = 6;

/** A measure of a report by month, and what else could be drawn. */
export interface ChartedMeasure {
  readonly measures: readonly string[];
  readonly measure: string;
  /** The columns by which it can be split. */
  readonly dimensions: readonly string[];
  readonly by: string | undefined;
  /** The column that says what amounts are of, as a currency: they are never added up across it. */
  readonly unit: string | undefined;
  readonly series: readonly Series[];
  /** How many there are; the greatest are drawn. */
  readonly seriesCount: number;
}

/** What is to be drawn, as far as it is said. */
interface ChartAsked {
  /** The contracts of what the report is made of. */
  readonly inputs: readonly Contract[];
  /** Columns whose values the reader may not see. */
  readonly hidden: ReadonlySet<string>;
  readonly measure: string | undefined;
  readonly by: string | undefined;
}

/** The sums of a measure of a report by month, of its first decimal unless another is said; undefined where it has none. */
export async function readChart(
  view: ReportView,
  { inputs, hidden, ...asked }: ChartAsked,
): Promise<ChartedMeasure | undefined> {
  const { key, columns, partitionColumn } = view.contract;
  const seen = columns.filter(({ name }) => !hidden.has(name));
  const numbers = seen.filter(
    ({ name, type }) => !key.includes(name) && isNumeric({ name, type: duckType(type) }),
  );
  const measures = numbers.map(({ name }) => name);
  const first = numbers.find(({ type }) => type.kind === 'decimal') ?? numbers[0];
  const measure = measures.find((name) => name === asked.measure) ?? first?.name;
  if (measure === undefined) return undefined;
  const unit = amountUnit(
    inputs,
    seen.map(({ name }) => name),
  );
  const dimensions = key.filter((name) => name !== partitionColumn && name !== unit && !hidden.has(name));
  const by = dimensions.find((name) => name === asked.by);
  const split = [unit, by].filter((name) => name !== undefined);
  const { points, seriesCount } = await reportSeries(view, { measure, by: split, most: MOST_SERIES });
  const series = new Map<string, { month: string; value: string }[]>();
  for (const { month, by: values, value } of points) {
    const name = values.length === 0 ? measure : values.map((one) => one ?? 'NULL').join(' · ');
    series.set(name, [...(series.get(name) ?? []), { month, value }]);
  }
  return {
    ...{ measures, measure, dimensions, by, unit, seriesCount },
    series: [...series].map(([name, values]) => ({ name, values })),
  };
}
