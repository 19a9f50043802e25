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
export const evidenceId = (place: EvidencePlace): string =>
  `evd-${toBase32(placeDigest(place).subarray(0, 20))}`;

/** SHA-256 of an event's place. */
export function placeDigest({ cluster, topicId, partition, offset, stage }: EvidencePlace): Buffer {
  const hash = createHash('sha256');
  for (const part of [cluster, topicId, String(partition), String(offset), stage]) {
    hash.update(`${Buffer.byteLength(part)}:${part}`);
  }
  return hash.digest();
}
