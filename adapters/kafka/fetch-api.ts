import {
  type API,
  createAPI,
  fetchV13,
  fetchV14,
  fetchV15,
  fetchV16,
  fetchV17,
  type Reader,
} from '@platformatic/kafka';
import { ConfigError } from '../../etl/errors.ts';
import type { Cluster } from './cluster.ts';
import type { AbortedTransaction } from './read-committed.ts';

/** What a fetch says of one partition. */
export interface PartitionAnswer {
  readonly topicId: string;
  readonly partition: number;
  /** Kafka's number of an error; 0 where there is none. */
  readonly errorCode: number;
  /** Behind the last record that all replicas have. */
  readonly highWatermark: number;
  /** Behind the last record before which all transactions have ended. */
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches as they lie in the log. */
  readonly bytes: Buffer;
}

/** Which records are wanted of a partition. */
export interface PartitionWanted {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
}

/** How long a broker may wait for records, and how many bytes it may send. */
export interface FetchLimits {
  readonly maxWaitMs: number;
  /** With fewer bytes it waits. */
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

/** Requests by version. From 13 on topics are named by their ids, so that a topic made anew is never taken for the old one. */
const REQUESTS = {
  13: fetchV13.createRequest,
  14: fetchV14.createRequest,
  15: fetchV15.createRequest,
  16: fetchV16.createRequest,
  17: fetchV17.createRequest,
} as const;

const FETCH = 1;
const READ_COMMITTED = 1;
/** No session: each request names all that it wants. */
const NO_SESSION = [0, -1] as const;

/** The request that `fetchRecords` sends, in the version that cluster and library share. Throws ConfigError where the cluster is older than Kafka 3.1. */
export async function fetchApi(cluster: Cluster): Promise<API<unknown[], readonly PartitionAnswer[]>> {
  const { version } = await cluster.api('Fetch');
  const createRequest = REQUESTS[version as keyof typeof REQUESTS];
  if (createRequest === undefined)
    throw new ConfigError('KAFKA_OLD', 'The cluster knows topics by no ids: it is older than Kafka 3.1.');
  // The library's own parser fails as a whole where one partition has an error, unpacks without limit, and has no zstd on Node 20.
  return createAPI(FETCH, version, createRequest, readAnswer);
}

/** Committed and other records of some partitions that one broker leads; waits until there are some. */
export async function fetchRecords(
  cluster: Cluster,
  {
    api,
    broker,
    limits,
  }: { api: API<unknown[], readonly PartitionAnswer[]>; broker: number; limits: FetchLimits },
  wanted: readonly PartitionWanted[],
): Promise<readonly PartitionAnswer[]> {
  const topics = wanted.map(({ topicId, partition, offset }) => ({
    topicId,
    partitions: [
      {
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: -1,
        partitionMaxBytes: limits.maxPartitionBytes,
      },
    ],
  }));
  const { maxWaitMs, minBytes, maxBytes } = limits;
  return await cluster.send(broker, api, [
    maxWaitMs,
    minBytes,
    maxBytes,
    READ_COMMITTED,
    ...NO_SESSION,
    topics,
    [],
    '',
  ]);
}

/** An answer of versions 13 to 17, which have one layout. */
function readAnswer(_correlation: number, _key: number, _version: number, reader: Reader): PartitionAnswer[] {
  reader.skip(4);
  const errorCode = reader.readInt16();
  reader.skip(4);
  const answers = readArray(reader, () => {
    const topicId = reader.readUUID();
    return readArray(reader, () => readPartition(reader, topicId));
  }).flat();
  return errorCode === 0 ? answers : answers.map((answer) => ({ ...answer, errorCode }));
}

function readPartition(reader: Reader, topicId: string): PartitionAnswer {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = Number(reader.readInt64());
  const lastStableOffset = Number(reader.readInt64());
  reader.skip(8);
  const aborted = readArray(reader, () => ({
    producerId: reader.readInt64(),
    firstOffset: Number(reader.readInt64()),
  }));
  reader.skip(4);
  const size = Math.max(0, reader.readUnsignedVarInt() - 1);
  const bytes = reader.buffer.slice(reader.position, reader.position + size);
  reader.skip(size);
  return { topicId, partition, errorCode, highWatermark, lastStableOffset, aborted, bytes };
}

/** A compact array of structures. Their tagged fields are passed over one by one, which the library's reader doesn't. */
function readArray<T>(reader: Reader, read: () => T): T[] {
  const length = reader.readUnsignedVarInt() - 1;
  const values: T[] = [];
  for (let index = 0; index < length; index++) {
    values.push(read());
    for (let tags = reader.readUnsignedVarInt(); tags > 0; tags--) {
      reader.readUnsignedVarInt();
      reader.skip(reader.readUnsignedVarInt());
    }
  }
  return values;
}
