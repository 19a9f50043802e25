import { Buffer } from 'node:buffer';
import { PERSON, personRecord, readPerson } from './people.ts';
import { filterRecords, NO_RECORDS, withRecords } from './records.ts';
import { shardBytes } from './shard-bytes.ts';
import type { Shards } from './shards.ts';

/** A shard's bytes as they are to be written now: without what was erased, and without tombstones that have ended. */
export async function currentShard(shards: Shards, name: string, now: Date): Promise<Buffer> {
  const [kind, hex = ''] = name.split('/');
  const shard = Number.parseInt(hex, 16);
  if (kind === 'keys') return await (await shards.keys(shard)).bytesWith(NO_RECORDS, now);
  return shardBytes(withoutEndedTombstones(await shards.people(shard), now), now);
}

/** The people, none of them with a tombstone that has ended. */
function withoutEndedTombstones(records: Buffer, now: Date): Buffer {
  const ended: Buffer[] = [];
  const kept = filterRecords(records, PERSON, (record) => {
    const { index, reference, forgotten } = readPerson(record, 0);
    if (forgotten === undefined || now.getTime() < forgotten.untilMs) return true;
    if (reference !== undefined) ended.push(personRecord({ index, reference }));
    return false;
  });
  return ended.length === 0 ? kept : withRecords(kept, PERSON, Buffer.concat(ended));
}
