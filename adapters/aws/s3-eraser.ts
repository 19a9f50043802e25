import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isPointer } from '../../etl/naming/tables.ts';
import { inAws } from './aws-errors.ts';

/** What is removed at once. */
const AT_ONCE = 16;

/** Removes objects of a versioned bucket for good. A repeat goes on where a dead process stopped. */
export interface S3Eraser {
  /** Removes every version of an object and every delete marker, that which readers see last. */
  erase(bucket: string, key: string): Promise<void>;
  /**
   * Removes the versions under a prefix that nobody sees any more: those of objects that were replaced or removed, with the
   * delete markers; but for those of pointers, which hold no values, and are what a lost one is restored from. False where
   * time was over before the end.
   */
  eraseHistory(bucket: string, prefix: string, untilMs: number): Promise<boolean>;
  /** Removes everything under a prefix. False where time was over before the end. */
  eraseAll(bucket: string, prefix: string, untilMs: number): Promise<boolean>;
}

/** An eraser; `nowMs` tells the time. */
export function s3Eraser(s3: S3Client, nowMs: () => number): S3Eraser {
  const eraseEach = async (
    { bucket, prefix, untilMs }: { bucket: string; prefix: string; untilMs: number },
    chosen: (entries: readonly Entry[]) => readonly Entry[],
  ): Promise<boolean> => {
    for await (const entries of entriesByKey(s3, bucket, prefix)) {
      if (nowMs() > untilMs) return false;
      await removeAll(s3, bucket, chosen(entries));
    }
    return true;
  };
  return {
    async erase(bucket, key) {
      const untilMs = Number.POSITIVE_INFINITY;
      await eraseEach({ bucket, prefix: key, untilMs }, (entries) =>
        entries[0]?.key === key ? entries : [],
      );
    },
    eraseHistory: (bucket, prefix, untilMs) =>
      eraseEach({ bucket, prefix, untilMs }, (entries) =>
        entries.filter(({ key, isLatest, isMarker }) => !isPointer(key) && (!isLatest || isMarker)),
      ),
    eraseAll: (bucket, prefix, untilMs) => eraseEach({ bucket, prefix, untilMs }, (entries) => entries),
  };
}

/** A version of an object, or the mark that it was removed. */
interface Entry {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
}

/** All there is of each key under a prefix: S3 lists by key, and what stands for one may go on on the next page. */
async function* entriesByKey(s3: S3Client, Bucket: string, Prefix: string): AsyncGenerator<Entry[]> {
  const doing = { doing: `listing the versions of ${Prefix}`, needs: `s3:ListBucketVersions on ${Bucket}` };
  let open = new Map<string, Entry[]>();
  let page: ListObjectVersionsCommandOutput | undefined;
  do {
    const KeyMarker = page?.NextKeyMarker === undefined ? undefined : decoded(page.NextKeyMarker, page);
    const VersionIdMarker = page?.NextVersionIdMarker;
    // URL encoding, because XML can't hold every character that a key can.
    const query = { Bucket, Prefix, EncodingType: 'url', KeyMarker, VersionIdMarker } as const;
    page = await inAws(doing, () => s3.send(new ListObjectVersionsCommand(query)));
    for (const entry of entriesOf(page)) open.set(entry.key, [...(open.get(entry.key) ?? []), entry]);
    const last = page.IsTruncated === true ? lastOf([...open.keys()]) : undefined;
    for (const [key, entries] of open) if (key !== last) yield entries;
    open = new Map([...open].filter(([key]) => key === last));
  } while (page.IsTruncated === true);
}

/** S3 lists in the order of the keys' UTF-8 bytes, but versions and delete markers apart. */
const lastOf = (keys: readonly string[]): string | undefined =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).at(-1);

const decoded = (key: string, { EncodingType }: ListObjectVersionsCommandOutput): string =>
  EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;

function entriesOf(page: ListObjectVersionsCommandOutput): Entry[] {
  const { Versions = [], DeleteMarkers = [] } = page;
  const entry = (isMarker: boolean) => (one: (typeof DeleteMarkers)[number]) => ({
    key: decoded(one.Key ?? '', page),
    versionId: one.VersionId,
    isLatest: one.IsLatest === true,
    isMarker,
  });
  return [...Versions.map(entry(false)), ...DeleteMarkers.map(entry(true))];
}

/** Removes what stands for a key, the latest at the end: else an earlier version would be seen again in between. */
async function removeAll(s3: S3Client, Bucket: string, entries: readonly Entry[]): Promise<void> {
  const remove = async ({ key: Key, versionId: VersionId }: Entry): Promise<void> => {
    const doing = {
      doing: `removing a version of ${Key}`,
      needs: `s3:DeleteObjectVersion on ${Bucket}/${Key}`,
    };
    await inAws(doing, () => s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId })));
  };
  const earlier = entries.filter(({ isLatest }) => !isLatest);
  for (let at = 0; at < earlier.length; at += AT_ONCE)
    await Promise.all(earlier.slice(at, at + AT_ONCE).map(remove));
  for (const latest of entries.filter(({ isLatest }) => isLatest)) await remove(latest);
}
