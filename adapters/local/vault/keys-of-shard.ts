import { Buffer } from 'node:buffer';
import { referenceDigest, referenceDigests } from '../../../etl/privacy/reference-digest.ts';
import { ShortHmac } from '../../../etl/privacy/short-hmac.ts';
import { Sodium } from '../../../etl/privacy/sodium.ts';
import { filterRecords, withRecords } from './records.ts';
import { recordsOf, shardBytes } from './shard-bytes.ts';
import { findSubjectKey, referenceIn, SUBJECT_KEY, subjectKeyAt } from './subject-keys.ts';

/** What the log of erasures says is gone of a shard: digests of references, and the secret that makes them. */
export interface Gone {
  readonly digests: ReadonlySet<string>;
  readonly secret: Uint8Array;
}

/** By a shard's bytes, digests of which this process has seen that none of theirs is among them. */
const seenWithout = new WeakMap<Buffer, ReadonlySet<string>>();

/**
 * The keys of subjects in a shard, less those that the log of erasures says are gone. It takes a digest of a reference to
 * tell: of keys that are asked for it is made then, and of all of them only where the shard is written.
 */
export class KeysOfShard {
  readonly #bytes: Buffer | undefined;
  readonly #records: Buffer;
  readonly #gone: Gone | undefined;

  /** `bytes` is what the file of the shard has; `gone` undefined where nothing was erased that it may still hold. */
  constructor(bytes: Buffer | undefined, gone: Gone | undefined) {
    this.#bytes = bytes;
    this.#records = recordsOf(bytes);
    this.#gone = gone;
  }

  /** A subject's key for a group; undefined where there is none (any more). */
  keyOf(reference: Uint8Array, group: number): Uint8Array | undefined {
    const at = findSubjectKey(this.#records, reference, group);
    if (at < 0) return undefined;
    const isGone = this.#gone?.digests.has(referenceDigest(this.#gone.secret, reference)) ?? false;
    return isGone ? undefined : subjectKeyAt(this.#records, at);
  }

  /** The shard's bytes with records of new keys, as they are written at a moment: no key that is gone is among them. */
  async bytesWith(made: Buffer, now: Date): Promise<Buffer> {
    const current = await this.#current();
    const bytes = shardBytes(made.length === 0 ? current : withRecords(current, SUBJECT_KEY, made), now);
    if (this.#gone !== undefined) seenWithout.set(bytes, this.#gone.digests);
    return bytes;
  }

  async #current(): Promise<Buffer> {
    const [bytes, gone] = [this.#bytes, this.#gone];
    if (bytes === undefined || gone === undefined) return this.#records;
    const seen = seenWithout.get(bytes);
    if (seen !== undefined && [...gone.digests].every((digest) => seen.has(digest))) return this.#records;
    const kept = await withoutGone(this.#records, gone);
    if (kept === this.#records) seenWithout.set(bytes, gone.digests);
    return kept;
  }
}

/** The records that aren't gone; those of one reference are one behind another, and it is looked at once. */
async function withoutGone(records: Buffer, { digests, secret }: Gone): Promise<Buffer> {
  const sodium = await Sodium.open();
  try {
    const digestOf = referenceDigests(new ShortHmac(sodium, secret));
    const beginnings = new Set([...digests].map((digest) => beginningOf(Buffer.from(digest, 'hex'))));
    const isGone = (reference: Buffer): boolean => {
      const digest = digestOf(reference);
      return beginnings.has(beginningOf(digest)) && digests.has(Buffer.from(digest).toString('hex'));
    };
    let last: { readonly reference: Buffer; readonly isGone: boolean } | undefined;
    return filterRecords(records, SUBJECT_KEY, (record) => {
      const reference = referenceIn(record);
      if (last?.reference.equals(reference) !== true) last = { reference, isGone: isGone(reference) };
      return !last.isGone;
    });
  } finally {
    sodium.dispose();
  }
}

/** The first bytes of a digest as a number. */
const beginningOf = (digest: Uint8Array): number =>
  (digest[0] ?? 0) * 2 ** 16 + (((digest[1] ?? 0) << 8) | (digest[2] ?? 0));
