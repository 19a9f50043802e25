import { ConfigError } from '../errors.ts';
import { bronzeKey } from './bronze.ts';
import { datasetPath } from './datasets.ts';

/** Keys of what came from topics. They are made in this folder and nowhere else. */

/** A partition, as keys name it. */
export interface StreamPlace {
  readonly cluster: string;
  readonly topicId: string;
  readonly partition: number;
}

/** Offsets are integers below 2^53; keys sort by them. */
const OFFSET_DIGITS = 16;

const offsetText = (offset: number): string => String(offset).padStart(OFFSET_DIGITS, '0');

/** What names a cluster or the life of a topic: Kafka's own ids are of this form. */
const STREAM_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The text itself; throws ConfigError `STREAM_ID` where keys can't name a cluster or a topic's life so. */
export function requireStreamId(text: string, what: string): string {
  if (STREAM_ID.test(text)) return text;
  throw new ConfigError(
    'STREAM_ID',
    `'${text}' can't be ${what}: write up to 64 letters, digits, dashes and underscores.`,
  );
}

/** `c1.5f2hQk.3`: a partition in one word. */
export function partitionWord({ cluster, topicId, partition }: StreamPlace): string {
  requireStreamId(cluster, 'the name of a cluster');
  return `${cluster}.${requireStreamId(topicId, 'the id of a topic')}.${partition}`;
}

/** Name of the file with the events of a partition from an offset on. */
export const eventFileName = (place: StreamPlace, offset: number): string =>
  `stream.${partitionWord(place)}.${offsetText(offset)}.jsonl`;

const EVENT_FILE =
  /^(?:[^#]*\/)?stream\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.(\d+)\.(\d{16})\.jsonl$/;

/** Whether a key or name is that of a file with events, in the clear; a member of an archive is none. */
export const isEventFile = (key: string): boolean => EVENT_FILE.test(key);

/** Key of that file in Bronze; `date` is `YYYY-MM-DD`, UTC. */
export const eventFileKey = (
  dataset: string,
  date: string,
  file: { readonly place: StreamPlace; readonly offset: number },
): string => bronzeKey(dataset, date, eventFileName(file.place, file.offset));

/** Under it lie events that no contract takes. */
export const APART_PREFIX = 'ops/streams/apart/';

/** Key of events that no contract takes: the file has the name that it would have in Bronze. */
export const apartKey = (place: StreamPlace, offset: number): string =>
  `${APART_PREFIX}${placePath(place)}/${eventFileName(place, offset)}`;

/** Where a file with events would lie that no contract took; undefined where the name is none of theirs. */
export function apartKeyOfName(name: string): string | undefined {
  const [, cluster, topicId, partition, offset] = EVENT_FILE.exec(name) ?? [];
  if (cluster === undefined || topicId === undefined) return undefined;
  return apartKey({ cluster, topicId, partition: Number(partition) }, Number(offset));
}

/** Says which offsets of a partition are landed together, and where; written once, before any of it is. */
export const claimKey = (place: StreamPlace, offset: number): string =>
  `${claimsPrefix(place)}${offsetText(offset)}.json`;

/** The claims of a partition lie under it. */
export const claimsPrefix = (place: StreamPlace): string => `ops/streams/claims/${placePath(place)}/`;

/** The offset in the key of a claim. */
export const claimedStart = (key: string): number =>
  Number(key.slice(key.lastIndexOf('/') + 1, -'.json'.length));

/** Says which offsets lie in a landed file; written once, after the file. */
export const landedKey = (fileKey: string): string => `ops/streams/landed/${fileKey}.json`;

/** Says when a file of events came first, by what stands for its bytes. */
export const eventSourceKey = (fileId: string): string => `ops/streams/files/${fileId}.json`;

const placePath = (place: StreamPlace): string => partitionWord(place).split('.').join('/');

/** Evidence of a dataset lies under it; that of events of no known dataset, where there is none. */
export const evidencePrefix = (dataset: string | undefined): string =>
  `${EVIDENCE_PREFIX}${dataset === undefined ? '_unknown' : datasetPath(dataset)}/`;

/** At which offset the evidence in an object begins, by its key; undefined where it is of another partition. */
export function evidenceStart(key: string, place: StreamPlace): number | undefined {
  const [, offset] = key.split(`-${partitionWord(place)}.`);
  return offset === undefined ? undefined : Number(offset.slice(0, OFFSET_DIGITS));
}

/** The partition's number and the offset at which the evidence in an object begins, by its key; undefined of any other key. */
export function evidenceBegin(
  key: string,
): { readonly partition: number; readonly offset: number } | undefined {
  const [, partition, offset] = /\.(\d+)\.(\d{16})\.jsonl$/.exec(key) ?? [];
  return partition === undefined ? undefined : { partition: Number(partition), offset: Number(offset) };
}

/** All evidence lies under it. */
export const EVIDENCE_PREFIX = 'ops/evidence/';

/** How keys of evidence of a moment (ISO 8601) begin. */
export const evidenceFrom = (dataset: string | undefined, at: string): string =>
  `${evidencePrefix(dataset)}${momentWord(at)}`;

const momentWord = (at: string): string => at.replace(/[-:.]/g, '');

/** Key of a batch's evidence, by its first event and when the broker got that, in ISO 8601: keys of a dataset sort by time. */
export function evidenceKey(
  dataset: string | undefined,
  first: { readonly place: StreamPlace; readonly offset: number; readonly at: string },
): string {
  const moment = momentWord(first.at);
  const word = `${partitionWord(first.place)}.${offsetText(first.offset)}`;
  return `${evidencePrefix(dataset)}${moment}-${word}.jsonl`;
}
