import type { GoodRecord, SourceFile } from './source-file.ts';

/** So many people pay. */
export const PAYERS = 7;

/** When each of them was last forgotten, milliseconds since 1970. */
export type Forgotten = ReadonlyMap<number, number>;

/** A file as its source writes it that knows who paid, and what must become of it when it comes at a moment. */
export function withPayers(file: SourceFile, forgotten: Forgotten, nowMs: number): SourceFile {
  const [header, ...lines] = file.text.trimEnd().split('\n');
  const text = `${[`${header},payer,mail`, ...lines.map(withPayer)].join('\n')}\n`;
  const isGone = (record: GoodRecord): boolean => isForgotten(record, forgotten, nowMs);
  const good = file.good.filter((record) => !isGone(record));
  return { ...file, text, good, forgotten: file.good.length - good.length };
}

function withPayer(line: string): string {
  const number = numberOf(line);
  // Of others nobody knows who paid; one has too few fields, and keeps them.
  if (number === undefined) return line.split(',').length === 4 ? `${line},,` : line;
  const payer = number % PAYERS;
  return `${line},${payer},payer${payer}@example.org`;
}

const numberOf = (text: string): number | undefined => {
  const digits = /^p(\d+)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** Whether a record is older than the forgetting of who paid; one of the future is of the moment in which it comes. */
function isForgotten({ id, month }: GoodRecord, forgotten: Forgotten, nowMs: number): boolean {
  const at = forgotten.get((numberOf(id) ?? 0) % PAYERS);
  const dated = Math.min(Date.parse(`${month.slice(0, 8)}15`), nowMs);
  return at !== undefined && dated < at;
}
