const HEADER = 'TransactionID,CustomerID,TransactionAmount,Currency,TransactionTimestamp';

/** A hand-made file of transactions: so many good ones, told apart by a tag, then lines as they are given. */
export function transactions(tag: string, good: number, more: readonly string[] = []): string {
  const lines = Array.from(
    { length: good },
    (_, n) => `${tag}-${n},C-${n % 7},${n}.50,GBP,2024-05-${String((n % 28) + 1).padStart(2, '0')}T10:00:00Z`,
  );
  return `${[HEADER, ...lines, ...more].join('\n')}\n`;
}

/** A transaction with an amount that is none. */
export const badTransaction = (id: string): string => `${id},C-1,abc,GBP,2024-05-01T10:00:00Z`;
