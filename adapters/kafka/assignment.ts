import { Reader, Writer } from '@platformatic/kafka';
import { grouped } from '../../etl/privacy/grouped.ts';

/** A partition by the name of its topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A member of a group and the topics it reads. */
export interface Member {
  readonly memberId: string;
  readonly topics: readonly string[];
}

/** What the leader gives a member: partitions, and where to start in those that the group has no offset for. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  /** Offsets by `topic:partition`. */
  readonly starts: Readonly<Record<string, number>>;
}

/** `topic:partition`. */
export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

/**
 * Each partition for one of the members that read its topic, in turn, by the order of their ids (Kafka's round robin).
 * `counts` are partitions by topic.
 */
export function assign(
  members: readonly Member[],
  counts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const ordered = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const given = new Map<string, TopicPartition[]>(ordered.map(({ memberId }) => [memberId, []]));
  let turn = 0;
  for (const topic of [...counts.keys()].sort())
    for (let partition = 0; partition < (counts.get(topic) ?? 0); partition++) {
      const readers = ordered.filter(({ topics }) => topics.includes(topic));
      const reader = readers[turn++ % readers.length];
      if (reader !== undefined) given.get(reader.memberId)?.push({ topic, partition });
    }
  return given;
}

/** A subscription as members send it when they join (ConsumerProtocolSubscription, version 0). */
export const encodeSubscription = (topics: readonly string[]): Buffer =>
  Writer.create()
    .appendInt16(0)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendInt32(-1).buffer;

/** The topics of a subscription. */
export function decodeSubscription(bytes: Buffer): string[] {
  const reader = Reader.from(bytes);
  reader.skip(2);
  return reader.readArray((r) => r.readString(false), false, false);
}

/** An assignment as the leader hands it out (ConsumerProtocolAssignment, version 0), the starts as JSON in its user data. */
export function encodeAssignment({ partitions, starts }: Assignment): Buffer {
  const topics = grouped(partitions, ({ topic }) => topic);
  const userData = Buffer.from(JSON.stringify(starts));
  return Writer.create()
    .appendInt16(0)
    .appendArray(
      [...topics],
      (writer, [topic, own]) =>
        writer
          .appendString(topic, false)
          .appendArray(own, (w, { partition }) => w.appendInt32(partition), false, false),
      false,
      false,
    )
    .appendBytes(userData, false).buffer;
}

/** The other way round. Empty where the group gave nothing. */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length < 6) return { partitions: [], starts: {} };
  const reader = Reader.from(bytes);
  reader.skip(2);
  const topics = reader.readArray(
    (r) => ({ topic: r.readString(false), own: r.readArray((p) => p.readInt32(), false, false) }),
    false,
    false,
  );
  const userData = reader.remaining >= 4 ? reader.readNullableBytes(false) : null;
  const starts =
    userData === null || userData.length === 0
      ? {}
      : (JSON.parse(userData.toString()) as Assignment['starts']);
  return {
    partitions: topics.flatMap(({ topic, own }) => own.map((partition) => ({ topic, partition }))),
    starts,
  };
}
