import { grouped, plural } from '../parts/text.tsx';
import { type Axis, axisOf, cutAbove, everyNth, monthsBetween, short } from './scale.ts';

/** A value in a month; the text is exact, and stands where it is read. */
export interface MonthValue {
  /** `YYYY-MM`. */
  readonly month: string;
  readonly value: string;
}

/** Values by month that belong together. */
export interface Series {
  readonly name: string;
  readonly values: readonly MonthValue[];
}

/** A chart of months, and which of them is looked at. */
interface MonthChartOf {
  /** What is drawn, for those who can't see it. */
  readonly name: string;
  readonly series: readonly Series[];
  readonly month: string | undefined;
}

const [WIDTH, HEIGHT] = [760, 240];
const [LEFT, TOP, BOTTOM] = [60, 12, 28];
/** Room above the axis for bars that are cut, and their figures in two rows. */
const CUT_TOP = 44;
/** Room for the names of lines at their ends. */
const NAMES = 170;
/** Labels of months that have room. */
const MOST_LABELS = 9;

/** Where things stand in the picture. */
interface Frame {
  readonly months: readonly string[];
  readonly axis: Axis;
  /** Values above it are drawn cut. */
  readonly cut: number | undefined;
  readonly right: number;
  /** Width of one month. */
  readonly step: number;
  /** The middle of a month. */
  x(month: string): number;
  y(value: number): number;
}

/** Amounts by month: bars of one series, or lines of several, each with its name at its end. */
export function MonthChart({ name, series, month }: MonthChartOf) {
  const isOne = series.length === 1;
  const frame = frameOf(series, isOne ? 0 : NAMES);
  const cut = isOne ? series.flatMap(({ values }) => values.filter((one) => isCut(one, frame))) : [];
  return (
    <section class="scroll chart" tabindex={0} aria-label={name}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={name}>
        <Grid frame={frame} month={month} />
        {isOne
          ? series.map((one) => <BarsOf series={one} frame={frame} month={month} />)
          : series.map((one, n) => <LineOf series={one} frame={frame} n={n} />)}
        {!isOne && <Names series={series} frame={frame} />}
        <CutFigures values={cut} frame={frame} />
      </svg>
      <Remarks cut={cut} months={frame.months} series={series} />
    </section>
  );
}

const isCut = ({ value }: MonthValue, { cut }: Pick<Frame, 'cut'>): boolean =>
  cut !== undefined && Number(value) > cut;

/** What the picture can't show: bars that aren't to scale, and months without figures. */
function Remarks({
  cut,
  months,
  series,
}: {
  readonly cut: readonly MonthValue[];
  readonly months: readonly string[];
  readonly series: readonly Series[];
}) {
  const known = new Set(series.flatMap(({ values }) => values.map(({ month }) => month)));
  const empty = months.filter((month) => !known.has(month)).length;
  const said = [
    ...cut.map(({ month, value }) => `The bar of ${month} is cut: it stands for ${grouped(value)}.`),
    ...(empty > 0
      ? [
          `${plural(empty, 'month')} between the first and the last ${empty === 1 ? 'has' : 'have'} no figures.`,
        ]
      : []),
  ];
  return said.length === 0 ? null : <p class="soft">{said.join(' ')}</p>;
}

/** The exact figures of the bars that are cut, above them. */
function CutFigures({
  values,
  frame: { x },
}: {
  readonly values: readonly MonthValue[];
  readonly frame: Frame;
}) {
  return (
    <g class="cut">
      {values.map(({ month, value }, n) => {
        const at = x(month);
        const anchor = at > WIDTH - 80 ? 'end' : at < LEFT + 50 ? 'start' : 'middle';
        return (
          <text x={px(at)} y={n % 2 === 0 ? 24 : 11} text-anchor={anchor}>
            {grouped(value)}
          </text>
        );
      })}
    </g>
  );
}

function frameOf(series: readonly Series[], names: number): Frame {
  const all = series.flatMap(({ values }) => values);
  const months = monthsBetween(all.map(({ month }) => month));
  const amounts = all.map(({ value }) => Number(value));
  const cut = series.length === 1 ? cutAbove(amounts) : undefined;
  const axis = axisOf(amounts.filter((amount) => cut === undefined || amount <= cut));
  const top = cut === undefined ? TOP : CUT_TOP;
  const right = WIDTH - names - 4;
  const step = (right - LEFT) / Math.max(months.length, 1);
  const place = new Map(months.map((month, n) => [month, n]));
  return {
    months,
    axis,
    cut,
    right,
    step,
    x: (month) => LEFT + ((place.get(month) ?? 0) + 0.5) * step,
    y: (value) => HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - BOTTOM - top),
  };
}

const px = (value: number): string => value.toFixed(1);

function Grid({
  frame: { axis, months, right, x, y },
  month: looked,
}: {
  readonly frame: Frame;
  readonly month: string | undefined;
}) {
  return (
    <g class="grid">
      {axis.ticks.map((tick) => (
        <>
          <line class={tick === 0 ? 'zero' : ''} x1={LEFT} x2={px(right)} y1={px(y(tick))} y2={px(y(tick))} />
          <text x={LEFT - 6} y={px(y(tick) + 4)} text-anchor="end">
            {short(tick)}
          </text>
        </>
      ))}
      {everyNth(months, MOST_LABELS, looked).map(({ label }) => (
        <text x={px(x(label))} y={HEIGHT - 8} text-anchor={x(label) > right - 20 ? 'end' : 'middle'}>
          {label}
        </text>
      ))}
    </g>
  );
}

const titleOf = (series: Series, { month, value }: MonthValue): string =>
  `${series.name} ${month}: ${grouped(value)}`;

function BarsOf({
  series,
  frame,
  month: looked,
}: {
  readonly series: Series;
  readonly frame: Frame;
  readonly month: string | undefined;
}) {
  const { step, x, y } = frame;
  const width = Math.max(1, Math.min(48, step * 0.8));
  return (
    <g>
      {series.values.map((one) => {
        const isTooGreat = isCut(one, frame);
        const value = Number(one.value);
        const [top, bottom] = [isTooGreat ? CUT_AT : y(Math.max(0, value)), y(Math.min(0, value))];
        const left = x(one.month) - width / 2;
        return (
          <>
            <rect
              class={one.month === looked ? 'bar looked' : 'bar'}
              x={px(left)}
              y={px(top)}
              width={px(width)}
              height={px(Math.max(bottom - top, LEAST_BAR))}
            >
              <title>{titleOf(series, one)}</title>
            </rect>
            {isTooGreat && <Break left={left} width={width} />}
          </>
        );
      })}
    </g>
  );
}

/** Where bars end that are cut. */
const CUT_AT = 29;
/** So that a small amount isn't taken for none. */
const LEAST_BAR = 1.5;

/** The gap that says that a bar isn't to scale. */
function Break({ left, width }: { readonly left: number; readonly width: number }) {
  const [from, to] = [left - 2, left + width + 2];
  return <path class="break" d={`M${px(from)},41 L${px(to)},35`} />;
}

function LineOf({
  series,
  frame: { x, y },
  n,
}: {
  readonly series: Series;
  readonly frame: Frame;
  readonly n: number;
}) {
  const points = series.values.map((one) => ({ one, at: [px(x(one.month)), px(y(Number(one.value)))] }));
  return (
    <g class={`line s${n}`}>
      <polyline points={points.map(({ at }) => at.join(',')).join(' ')} />
      {points.map(({ one, at: [cx, cy] }) => (
        <circle cx={cx} cy={cy} r="2.5">
          <title>{titleOf(series, one)}</title>
        </circle>
      ))}
    </g>
  );
}

/** Between the names of two lines. */
const NAME_HEIGHT = 14;
const MOST_CHARACTERS = 24;

/** The lines' names, each beside its line's end, moved apart where they would cover one another. */
function Names({
  series,
  frame: { right, y },
}: {
  readonly series: readonly Series[];
  readonly frame: Frame;
}) {
  const wanted = series
    .map(({ name, values }, n) => ({ name, n, y: y(Number(values.at(-1)?.value ?? 0)) }))
    .sort((a, b) => a.y - b.y);
  const room = HEIGHT - BOTTOM - TOP - NAME_HEIGHT * (wanted.length - 1);
  let last = TOP - NAME_HEIGHT;
  const placed = wanted.map((one, at) => {
    const highest = TOP + room + at * NAME_HEIGHT;
    last = Math.max(last + NAME_HEIGHT, Math.min(one.y, highest));
    return { ...one, y: last };
  });
  return (
    <g class="names">
      {placed.map(({ name, n, y: at }) => (
        <text class={`s${n}`} x={px(right + 8)} y={px(at + 4)}>
          {name.length > MOST_CHARACTERS ? `${name.slice(0, MOST_CHARACTERS - 1)}…` : name}
          <title>{name}</title>
        </text>
      ))}
    </g>
  );
}
