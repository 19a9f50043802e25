import { createHash } from 'node:crypto';
import type { GoldContract } from '../contract/contract.ts';
import { canonicalJson } from '../contract/digest.ts';

/** Changes when the contract, the SQL or what says who consents to a Gold table does: then all of its months are made anew. */
export function goldDigest({ digest, consents }: GoldContract, sql: string): string {
  const restricted = consents === undefined ? '' : `\n${canonicalJson(consents)}`;
  return createHash('sha256').update(`${digest}\n${sql}${restricted}`).digest('hex');
}
