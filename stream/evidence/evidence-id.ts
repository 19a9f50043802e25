import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { toBase32 } from '../../etl/privacy/base32.ts';

/** Where an event stands, and what was observed of it. */
export interface EvidencePlace {
  readonly cluster: string;
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  readonly stage: EvidenceStage;
}

/** When in an event's life evidence is made: as it stands on its topic. */
export type EvidenceStage = 'OBSERVED_RAW';

/**
 * The id of an event's evidence, the same whenever it is judged: `evd-` and the first 160 bits of SHA-256 over
 * cluster, topic id, partition, offset and stage, each with its length in bytes before it, in lower-case base32.
 */
export const evidenceId = (place: EvidencePlace): string => idOfDigest(placeDigest(place));

/** The id by the digest of an event's place. */
export const idOfDigest = (digest: Uint8Array): string => `evd-${toBase32(digest.subarray(0, 20))}`;

/** SHA-256 of an event's place. */
export function placeDigest({ cluster, topicId, partition, offset, stage }: EvidencePlace): Buffer {
  const parts = [cluster, topicId, String(partition), String(offset), stage];
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return createHash('sha256').update(text).digest();
}
