import { ARRIVAL_NAME } from '../contract/arrival-month.ts';
import type { Measure } from '../contract/contract.ts';
import { addsUp } from './adds-up.ts';
import { counted, decide, type Note, review, seen } from './notes.ts';
import type { ProposedColumn } from './proposal.ts';
import { headerMeaning } from './words.ts';

/** The column whose month partitions the table, and why. */
export interface PartitionGuess {
  readonly column?: string;
  readonly notes: readonly Note[];
}

/** Words of dates that say when something happened, and of those that say something else. */
const EVENTS = [
  'pay',
  'transaction',
  'order',
  'ordered',
  'booking',
  'booked',
  'posted',
  'posting',
  'event',
  'invoice',
  'sold',
  'timestamp',
];
const OTHERS = ['birth', 'due', 'expiry', 'expires', 'end', 'valid', 'effective', 'updated', 'modified'];
/** A date that so few records lack is taken all the same. */
const MOSTLY = 0.95;

/** Chooses among the date and timestamp columns: the one that every record has and whose header speaks of an event. */
export function choosePartition(
  columns: readonly ProposedColumn[],
  present: readonly number[],
  records: number,
): PartitionGuess {
  const dates = columns
    .map((column, n) => ({ column, share: (present[n] ?? 0) / records, n }))
    .filter(({ column, share }) => ['date', 'timestamptz'].includes(column.type.kind) && share >= MOSTLY)
    .sort((a, b) => weigh(b.column, b.share) - weigh(a.column, a.share));
  const [best, ...rest] = dates;
  if (best === undefined) {
    if (columns.some(({ name }) => name === ARRIVAL_NAME))
      return {
        notes: [
          decide(
            'No column holds a date in nearly every record; Silver is partitioned by the month of one, which must be required. Name the column arrived_at otherwise, and the month in which a file came will do.',
          ),
        ],
      };
    const text =
      'No column holds a date in nearly every record, so Silver is partitioned by the month in which a file came. If one says when it happened, write it, and required: true on it.';
    return { column: ARRIVAL_NAME, notes: [review(text)] };
  }
  const { name } = best.column;
  const others = rest.map(({ column }) => column.name);
  const note =
    others.length === 0
      ? seen(`${name} is the only date that every record has.`)
      : review(`${name} seems to say when it happened; ${others.join(' and ')} would do as well.`);
  const missing = records - (present[best.n] ?? 0);
  const lack =
    missing === 0
      ? []
      : [
          review(
            `${counted(missing)} of ${counted(records)} records have no ${name}; they would be quarantined.`,
          ),
        ];
  return { column: name, notes: [note, ...lack] };
}

function weigh({ headers }: ProposedColumn, share: number): number {
  const words = headers.flatMap(headerMeaning);
  const has = (list: readonly string[]): number => (words.some((word) => list.includes(word)) ? 1 : 0);
  return (share === 1 ? 4 : 0) + 2 * has(EVENTS) - 2 * has(OTHERS);
}

/** The measures to prove, and why other columns are none. */
export interface MeasureGuess {
  readonly measures: readonly Measure[];
  readonly notes: readonly Note[];
}

/** Every decimal column whose values add up, by currency if just one column holds it. */
export function chooseMeasures(columns: readonly ProposedColumn[]): MeasureGuess {
  const currencies = columns.filter(
    ({ isCurrency, classification }) => isCurrency && classification === 'internal',
  );
  const by = currencies.length === 1 ? currencies[0]?.name : undefined;
  const decimals = columns.filter(({ type }) => type.kind === 'decimal');
  const measures = decimals
    .filter(({ headers }) => addsUp(headers))
    .map(({ name }) => (by === undefined ? { column: name } : { column: name, by }));
  const others = decimals.filter(({ headers }) => !addsUp(headers)).map(({ name }) => name);
  const proven =
    measures.length === 0 ? [] : [seen('Columns of decimals: their sums are proven with every run.')];
  const left =
    others.length === 0
      ? []
      : [
          review(
            `${others.join(' and ')} ${others.length === 1 ? 'is' : 'are'} no measure: by the header, adding up such values (prices of one piece, rates, states) makes no sense.`,
          ),
        ];
  return { measures, notes: [...proven, ...left] };
}
