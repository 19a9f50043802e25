import { grouped } from '../parts/text.tsx';
import { axisOf, everyNth, short } from './scale.ts';

/** A point of an answer: its label, and its value as exact text. */
export interface Point {
  readonly label: string;
  readonly value: string;
}

const WIDTH = 760;
/** More than so many have no room for a name each. */
const MOST_BARS = 40;
const [ROW, NAME, VALUE] = [22, 220, 140];
const MOST_CHARACTERS = 28;

/** The points of an answer in their order: bars with their names where they are few, a line where they are many. */
export function AnswerChart({ name, points }: { readonly name: string; readonly points: readonly Point[] }) {
  return (
    <section class="scroll chart" tabindex={0} aria-label={name}>
      {points.length <= MOST_BARS ? (
        <BarsOf name={name} points={points} />
      ) : (
        <LineOf name={name} points={points} />
      )}
    </section>
  );
}

const px = (value: number): string => value.toFixed(1);
const shortened = (label: string): string =>
  label.length > MOST_CHARACTERS ? `${label.slice(0, MOST_CHARACTERS)}…` : label;

function BarsOf({ name, points }: { readonly name: string; readonly points: readonly Point[] }) {
  const axis = axisOf(points.map(({ value }) => Number(value)));
  const x = (value: number): number => NAME + axis.at(value) * (WIDTH - NAME - VALUE);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${points.length * ROW + 4}`} role="img" aria-label={name}>
      {points.map(({ label, value }, n) => {
        const [from, to] = [x(Math.min(0, Number(value))), x(Math.max(0, Number(value)))];
        return (
          <g>
            <text x={NAME - 8} y={n * ROW + 16} text-anchor="end">
              {shortened(label)}
            </text>
            <rect
              class="bar"
              x={px(from)}
              y={n * ROW + 4}
              width={px(Math.max(to - from, 0.5))}
              height={ROW - 6}
            >
              <title>{`${label}: ${grouped(value)}`}</title>
            </rect>
            <text x={px(to + 6)} y={n * ROW + 16}>
              {grouped(value)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

const [HEIGHT, LEFT, TOP, BOTTOM] = [240, 60, 12, 28];

function LineOf({ name, points }: { readonly name: string; readonly points: readonly Point[] }) {
  const axis = axisOf(points.map(({ value }) => Number(value)));
  const x = (n: number): number => LEFT + (n / (points.length - 1)) * (WIDTH - LEFT - 10);
  const y = (value: number): number => HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - BOTTOM - TOP);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={name}>
      <g class="grid">
        {axis.ticks.map((tick) => (
          <>
            <line
              class={tick === 0 ? 'zero' : ''}
              x1={LEFT}
              x2={WIDTH - 10}
              y1={px(y(tick))}
              y2={px(y(tick))}
            />
            <text x={LEFT - 6} y={px(y(tick) + 4)} text-anchor="end">
              {short(tick)}
            </text>
          </>
        ))}
        {everyNth(points, 6).map(({ at, label: { label } }) => (
          <text x={px(x(at))} y={HEIGHT - 8} text-anchor="middle">
            {shortened(label).slice(0, 14)}
          </text>
        ))}
      </g>
      <g class="line s0">
        <polyline points={points.map(({ value }, n) => `${px(x(n))},${px(y(Number(value)))}`).join(' ')} />
      </g>
    </svg>
  );
}
