import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BronzeIntake } from '../../etl/bronze.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError, DataError, TransientError } from '../../etl/errors.ts';
import { bronzePrefix, sealedName } from '../../etl/naming/bronze.ts';
import { landingProgressKey } from '../../etl/naming/landing.ts';
import type { ProtectingParts } from '../../etl/privacy/protect-source.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import { parseDocument } from '../../etl/stages/stored-documents.ts';
import type { AwsLake } from './aws-lake.ts';
import { type LandedRanges, openRanges, type RecordStart } from './landed-ranges.ts';
import type { LandedFile } from './s3-landing.ts';
import { abortParts, beginParts, completeParts, type ObjectInParts, sendPart } from './s3-parts.ts';

/** How much is done at once, and until when; S3 takes no part but the last that is smaller than `leastPartBytes`. */
export interface RangeLimits {
  /** Of the source, protected before what was done is noted. */
  readonly rangeBytes: number;
  readonly partBytes: number;
  readonly leastPartBytes: number;
  /** No range is begun after this time, milliseconds since 1970. */
  readonly untilMs: number;
}

/** What was done of a file, for the process that goes on with it. */
const Progress = z.object({
  /** What the vault makes of the file's tag: of another one everything begins anew. */
  version: z.string(),
  arrivedMs: z.number().int(),
  object: z.object({ key: z.string(), uploadId: z.string(), parts: z.array(z.string()) }),
  next: z.object({ byte: z.number().int(), row: z.number().int() }),
});
type Progress = z.infer<typeof Progress>;

/** What is worked with. */
interface Protecting {
  readonly lake: Pick<AwsLake, 'effects' | 'data' | 'place'>;
  readonly contract: SourceContract;
  readonly vault: Vault;
  readonly file: LandedFile;
  readonly limits: RangeLimits;
}

/**
 * Protects a file that is too large for one call, range by range, into one object that nobody sees before it is whole. Returns
 * its key in Bronze; undefined where time was over: the next call for the same file goes on. The same bytes come of it as of
 * a file that is protected at once. Throws DataError where it can't be read or protected: then nothing of it is stored.
 */
export async function protectInRanges(
  lake: Protecting['lake'],
  contract: SourceContract,
  { file, limits }: Pick<Protecting, 'file' | 'limits'>,
): Promise<string | undefined> {
  const { effects } = lake;
  const vault = effects.vault;
  if (vault === undefined)
    throw new ConfigError('NO_VAULT', 'This function was given no vault: deploy the stack anew.');
  await vault.columns();
  const protecting = { lake, contract, vault, file, limits };
  const ranges = await openRanges(file, contract, effects.openScratch);
  const progress = (await readProgress(protecting)) ?? (await begin(protecting, ranges.first));
  if (typeof progress === 'string') return progress;
  try {
    return await goOn(protecting, ranges, progress);
  } catch (error) {
    if (error instanceof DataError) await giveUp(protecting, progress);
    throw error;
  }
}

/** What was done of just this file; what was done of another one under its key is given up. */
async function readProgress(protecting: Protecting): Promise<Progress | undefined> {
  const { lake, file } = protecting;
  const key = landingProgressKey(file.key);
  const stored = await lake.effects.objects.get(key);
  if (stored === undefined) return undefined;
  const progress = parseDocument(stored.body, key, Progress);
  if (progress.version === (await versionOf(protecting))) return progress;
  await giveUp(protecting, progress);
  return undefined;
}

async function giveUp({ lake, file }: Protecting, { object }: Progress): Promise<void> {
  await abortParts(lake.place, object);
  await lake.effects.objects.remove(landingProgressKey(file.key));
}

/** A tag may be a digest of the file: it is kept as the vault alone can make it. */
async function versionOf({ vault, contract, file }: Protecting): Promise<string> {
  const [version = ''] = await vault.fileNames(contract.dataset, [sha256(file.etag)]);
  return version;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Begins the object; or the key of what is there already. */
async function begin(protecting: Protecting, first: RecordStart): Promise<Progress | string> {
  const { lake, contract, vault, file } = protecting;
  const { objects, clock } = lake.effects;
  const { dataset, duplicates } = contract;
  const hash = createHash('sha256');
  for await (const piece of file.read()) hash.update(piece);
  const [name = ''] = await vault.fileNames(dataset, [hash.digest('hex')]);
  const date = clock.now().toISOString().slice(0, 10);
  const intake = new BronzeIntake(
    { dataset, date, clock, isReplacing: duplicates === 'replace' },
    { objects: await objects.list(bronzePrefix(dataset)), digest: (key) => lake.data.digest(key) },
  );
  const begun: Progress[] = [];
  const added = await intake.add({
    name: sealedName(name),
    digest: async () => sha256(name),
    copyTo: async (key, arrivedMs) => {
      const version = await versionOf(protecting);
      begun.push({ version, arrivedMs, object: await beginPartsOf(protecting, key, arrivedMs), next: first });
      return { key, sizeBytes: 0, digest: '', existed: false };
    },
  });
  const [progress] = begun;
  if (progress === undefined) return added.key;
  await keep(protecting, progress);
  return progress;
}

const beginPartsOf = async (
  { lake }: Protecting,
  key: string,
  arrivedMs: number,
): Promise<Progress['object']> => {
  const { parts, ...object } = await beginParts(lake.place, key, arrivedMs);
  return { ...object, parts: [...parts] };
};

async function keep({ lake, file }: Protecting, progress: Progress): Promise<void> {
  const body = Buffer.from(JSON.stringify(progress));
  await lake.effects.objects.put(landingProgressKey(file.key), body);
}

async function goOn(
  protecting: Protecting,
  ranges: LandedRanges,
  progress: Progress,
): Promise<string | undefined> {
  const { lake, contract, vault, file, limits } = protecting;
  const { clock } = lake.effects;
  const parts: ProtectingParts = { contract, vault, arrived: new Date(progress.arrivedMs) };
  const sender = new PartSender(protecting, progress.object);
  let from: RecordStart = progress.next;
  if (progress.object.parts.length === 0) await sender.add(await ranges.header(parts));
  for (let n = 0; from.byte < file.sizeBytes; n++) {
    if (n > 0 && sender.isEmpty && clock.now().getTime() > limits.untilMs) return undefined;
    const until = await ranges.after(from, limits.rangeBytes);
    for await (const bytes of ranges.protectedBytes({ from, until }, parts)) await sender.add(bytes);
    from = until;
    await sender.flush(from.byte === file.sizeBytes);
    if (sender.isEmpty) await keep(protecting, { ...progress, object: sender.object, next: { ...from } });
  }
  await sender.flush(true);
  await file.look();
  const { key } = progress.object;
  const isWhole = (await completeParts(lake.place, sender.object)) || (await isThere(protecting, key));
  await lake.effects.objects.remove(landingProgressKey(file.key));
  if (isWhole) return key;
  throw new TransientError('UPLOAD_LOST', `What was protected of ${file.name} was dropped: it begins anew.`, {
    context: { key: file.key },
  });
}

const isThere = async ({ lake }: Protecting, key: string): Promise<boolean> =>
  (await lake.effects.objects.list(key)).some((one) => one.key === key);

/** Collects bytes, and sends them in parts that are large enough. */
class PartSender {
  readonly #protecting: Protecting;
  #object: ObjectInParts;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(protecting: Protecting, object: ObjectInParts) {
    this.#protecting = protecting;
    this.#object = object;
  }

  /** Whether all that was added was sent. */
  get isEmpty(): boolean {
    return this.#heldBytes === 0;
  }

  /** The object with the parts that were sent. */
  get object(): Progress['object'] {
    return { ...this.#object, parts: [...this.#object.parts] };
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
    const { partBytes, leastPartBytes } = this.#protecting.limits;
    while (this.#heldBytes >= partBytes + leastPartBytes) await this.#send(partBytes);
  }

  /** Sends what is held, where it is large enough for a part, or the last. */
  async flush(isLast: boolean): Promise<void> {
    const isEnough = this.#heldBytes >= this.#protecting.limits.leastPartBytes;
    if (this.#heldBytes > 0 && (isEnough || isLast)) await this.#send(this.#heldBytes);
  }

  async #send(size: number): Promise<void> {
    const all = Buffer.concat(this.#held);
    this.#object = await sendPart(this.#protecting.lake.place, this.#object, all.subarray(0, size));
    this.#held = size === all.length ? [] : [all.subarray(size)];
    this.#heldBytes = all.length - size;
  }
}
