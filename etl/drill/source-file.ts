import type { Dice } from './dice.ts';

/** A record that is good: what Silver must hold of it. */
export interface GoodRecord {
  readonly id: string;
  /** First day of its month, `YYYY-MM-DD`. */
  readonly month: string;
  readonly cents: number;
}

/** A source file, and what must become of it. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
  readonly records: number;
  readonly good: readonly GoodRecord[];
  /** Records that must be quarantined: each has a text of its own. */
  readonly bad: number;
  readonly blank: number;
  /** Records of people who were forgotten before it came: nothing sees them. */
  readonly forgotten: number;
}

/** What readers must see where some files were accepted. */
export interface Expected {
  /** By id: a key that comes again is condemned. */
  readonly silver: ReadonlyMap<string, GoodRecord>;
  readonly quarantined: number;
  readonly condemned: number;
  readonly forgotten: number;
  /** Number of payments and cents by month. */
  readonly months: ReadonlyMap<string, { readonly payments: number; readonly cents: number }>;
}

/** A file of some good records, some broken ones, some whose key other files have, and some blank lines. */
export function drawFile(name: string, dice: Dice): SourceFile {
  const lines: string[] = [];
  const good: GoodRecord[] = [];
  let [bad, blank] = [0, 0];
  const wanted = dice.int(1, 25);
  for (let n = 0; n < wanted; n++) {
    const kind = dice.int(1, 20);
    const where = `${name}-${n}`;
    if (kind === 1) {
      lines.push(`${where},soon,1.00,no date`);
      bad++;
    } else if (kind === 2) {
      lines.push(`${where},2024-01-01,1.00`);
      bad++;
    } else if (kind === 3) {
      lines.push(',,,');
      blank++;
    } else {
      // A number always means the same payment.
      const number = kind <= 6 ? dice.int(1, 30) : dice.int(1000, 1_000_000);
      const record = paymentOf(number);
      good.push(record);
      const cents = String(record.cents % 100).padStart(2, '0');
      lines.push(
        `${record.id},${record.month.slice(0, 8)}15,${Math.floor(record.cents / 100)}.${cents},"note ${number}"`,
      );
    }
  }
  const text = `id,paid_on,amount,note\n${lines.join('\n')}\n`;
  return { name, text, records: wanted, good, bad, blank, forgotten: 0 };
}

function paymentOf(number: number): GoodRecord {
  const month = `2024-${String(1 + (number % 6)).padStart(2, '0')}-01`;
  return { id: `p${number}`, month, cents: 100 + ((number * 7919) % 100_000) };
}

/** What readers must see of these accepted files, in whatever order and in however many runs they came. */
export function expectedOf(files: readonly SourceFile[]): Expected {
  const silver = new Map<string, GoodRecord>();
  const months = new Map<string, { payments: number; cents: number }>();
  let [quarantined, condemned, forgotten] = [0, 0, 0];
  for (const file of files) {
    quarantined += file.bad;
    forgotten += file.forgotten;
    for (const record of file.good) {
      if (silver.has(record.id)) {
        condemned++;
        continue;
      }
      silver.set(record.id, record);
      const { payments, cents } = months.get(record.month) ?? { payments: 0, cents: 0 };
      months.set(record.month, { payments: payments + 1, cents: cents + record.cents });
    }
  }
  return { silver, quarantined, condemned, forgotten, months };
}
