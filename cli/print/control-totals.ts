import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { addDecimals } from '../../etl/sums.ts';
import { fileName } from './counts-table.ts';
import { decimal } from './format.ts';
import { table } from './table.ts';

type ControlTotal = RunRecord['controlTotals'][number];

/** The control totals: each measure over all files, then what files state themselves, what isn't met, and what no total has. */
export function controlTotalsText(
  totals: readonly ControlTotal[],
  unread: NonNullable<RunRecord['unread']> = [],
): string {
  const rare = (['repeats', 'forgotten'] as const).filter((name) =>
    totals.some((total) => total[name] !== undefined),
  );
  const sums = ['in', 'silver', 'quarantined', 'condemned', ...rare] as const;
  const rows = grouped(totals).map((total) => [
    labelOf(total),
    ...sums.map((name) => decimal(total[name] ?? '0')),
    total.met ? 'met' : 'NOT MET',
  ]);
  const columns = [
    { name: 'measure' },
    ...sums.map((name) => ({ name, align: 'right' as const })),
    { name: '' },
  ];
  const lines = rows.length === 0 ? [] : [table(columns, rows)];
  for (const total of totals) {
    if (total.declared !== undefined) {
      const verdict = total.met ? 'met' : `NOT MET: ${decimal(total.in)} came in`;
      lines.push(
        `  ${fileName(total.key)} itself states ${decimal(total.declared)} for ${labelOf(total)}: ${verdict}`,
      );
    } else if (!total.met) {
      lines.push(`  ${fileName(total.key)}: ${labelOf(total)} NOT MET`);
    }
  }
  for (const { key, measure, records } of unread)
    lines.push(
      `  ${fileName(key)}: ${measure} of ${records} ${records === 1 ? 'record' : 'records'} could not be read, and is in no total`,
    );
  return lines.join('\n');
}

/** Each measure and group summed over the files. */
function grouped(totals: readonly ControlTotal[]): ControlTotal[] {
  const groups = new Map<string, ControlTotal>();
  for (const total of totals) {
    const key = JSON.stringify([total.measure, total.by]);
    const before = groups.get(key);
    groups.set(key, before === undefined ? total : add(before, total));
  }
  return [...groups.values()];
}

function add(a: ControlTotal, b: ControlTotal): ControlTotal {
  const sumOf = (name: 'repeats' | 'forgotten'): Partial<ControlTotal> => {
    const sums = [a[name], b[name]].filter((sum) => sum !== undefined);
    return sums.length === 0 ? {} : { [name]: sums.reduce(addDecimals) };
  };
  return {
    ...a,
    in: addDecimals(a.in, b.in),
    silver: addDecimals(a.silver, b.silver),
    quarantined: addDecimals(a.quarantined, b.quarantined),
    condemned: addDecimals(a.condemned, b.condemned),
    ...sumOf('repeats'),
    ...sumOf('forgotten'),
    met: a.met && b.met,
  };
}

const labelOf = ({ measure, by }: ControlTotal): string => (by === null ? measure : `${measure} ${by}`);
