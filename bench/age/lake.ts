import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { paymentsLake } from '../../etl/drill/drill-contracts.ts';

/** The domain of the lake that grows old. */
const DOMAIN = 'shop';

/** The dataset whose lake grows old, and the Gold table that is made of it. */
export const { dataset: AGING, gold: AGING_GOLD } = paymentsLake(DOMAIN);

/** How long its snapshots stay. */
interface KeptStates {
  /** As a contract has it, e.g. `90d`. */
  readonly keep: string;
  readonly atLeast: number;
}

/** Writes the contracts and the Gold SQL of the lake into a folder. */
export function writeContracts(folder: string, { keep, atLeast }: KeptStates): void {
  const { contracts, sql } = paymentsLake(DOMAIN, `{ keep: ${keep}, atLeast: ${atLeast} }`);
  for (const [name, text] of Object.entries({ ...contracts, ...sql })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The text of the n-th file: four payments and one that has no amount, over the months of a year. */
export function agingFile(n: number): string {
  const rows = Array.from({ length: 5 }, (_, i) => {
    const id = n * 5 + i;
    const month = String((Math.floor(n / 900) % 12) + 1).padStart(2, '0');
    return `P${id},2024-${month}-${String((id % 28) + 1).padStart(2, '0')},${i === 4 ? '' : `${id % 1000}.25`}`;
  });
  return `id,paid_on,amount\n${rows.join('\n')}\n`;
}
