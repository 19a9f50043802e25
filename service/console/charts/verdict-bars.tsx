import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { runAt } from '../addresses.ts';
import { count, plural } from '../parts/text.tsx';
import { axisOf, short } from './scale.ts';

const [WIDTH, HEIGHT] = [760, 170];
const [LEFT, TOP, BOTTOM, NAMES] = [60, 10, 22, 110];
const RIGHT = WIDTH - NAMES;

/** Verdicts, from the axis upward, each with the same class everywhere. */
const VERDICTS = ['silver', 'quarantined', 'condemned'] as const;

/** Records by verdict of each run, oldest first: each bar leads to its run, and says its reasons. */
export function VerdictBars({ runs }: { readonly runs: readonly RunRecord[] }) {
  const totals = runs.map(({ counts }) => VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0));
  const axis = axisOf(totals);
  const y = (value: number): number => HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - BOTTOM - TOP);
  const step = (RIGHT - LEFT) / Math.max(runs.length, 8);
  const name = `Records by verdict of the last ${plural(runs.length, 'run')}`;
  return (
    <section class="scroll chart" tabindex={0} aria-label={name}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-label={name}>
        <g class="grid">
          {axis.ticks.map((tick) => (
            <>
              <line class={tick === 0 ? 'zero' : ''} x1={LEFT} x2={RIGHT} y1={px(y(tick))} y2={px(y(tick))} />
              <text x={LEFT - 6} y={px(y(tick) + 4)} text-anchor="end">
                {short(tick)}
              </text>
            </>
          ))}
        </g>
        {runs.map((run, n) => (
          <a href={runAt(run.runId)} aria-label={inWords(run)}>
            <title>{inWords(run)}</title>
            <Stack run={run} y={y} place={{ x: LEFT + n * step + step * 0.1, width: step * 0.8 }} />
          </a>
        ))}
        <g class="names">
          {VERDICTS.map((verdict, n) => (
            <text class={`verdict ${verdict}`} x={RIGHT + 10} y={HEIGHT - BOTTOM - n * 16}>
              {verdict}
            </text>
          ))}
        </g>
        <text x={LEFT} y={HEIGHT - 6}>
          {runs[0]?.endedAt.slice(0, 10)}
        </text>
        {runs.length > 1 && (
          <text x={px(LEFT + runs.length * step)} y={HEIGHT - 6} text-anchor="end">
            {runs.length > 4 ? runs.at(-1)?.endedAt.slice(0, 10) : ''}
          </text>
        )}
      </svg>
    </section>
  );
}

const px = (value: number): string => value.toFixed(1);

/** What is there is seen, however little it is. */
const LEAST_PX = 2;

function Stack({
  run: { counts },
  y,
  place: { x, width },
}: {
  readonly run: RunRecord;
  readonly y: (value: number) => number;
  readonly place: { readonly x: number; readonly width: number };
}) {
  let bottom = y(0);
  return (
    <g>
      {VERDICTS.filter((verdict) => counts[verdict] > 0).map((verdict) => {
        const height = Math.max(LEAST_PX, y(0) - y(counts[verdict]));
        bottom -= height;
        return (
          <rect class={`verdict ${verdict}`} x={px(x)} y={px(bottom)} width={px(width)} height={px(height)} />
        );
      })}
    </g>
  );
}

/** `2026-11-29 held: 12 silver, 3 quarantined, 0 condemned; TYPE_ERROR 2, NULL_VALUE 1`. */
function inWords({ endedAt, status, counts, reasons }: RunRecord): string {
  const verdicts = VERDICTS.map((verdict) => `${count(counts[verdict])} ${verdict}`).join(', ');
  const why = reasonsText(reasons);
  return `${endedAt.slice(0, 10)} ${status}: ${verdicts}${why === '' ? '' : `; ${why}`}`;
}

/** `TYPE_ERROR 2, NULL_VALUE 1`: the most frequent first. */
export const reasonsText = (reasons: RunRecord['reasons']): string =>
  Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([code, n]) => `${code} ${count(n)}`)
    .join(', ');
