import { createHash } from 'node:crypto';
import type { GoldContract } from '../contract/contract.ts';

/** Changes when the contract or the SQL of a Gold table does: then all of its months are made anew. */
export function goldDigest(contract: GoldContract, sql: string): string {
  return createHash('sha256').update(`${contract.digest}\n${sql}`).digest('hex');
}
