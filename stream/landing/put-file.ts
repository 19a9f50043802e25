import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError, ConflictError } from '../../etl/errors.ts';
import { bronzeKey, isSealed, sealedName } from '../../etl/naming/bronze.ts';
import { apartKey, eventFileKey, eventFileName, type StreamPlace } from '../../etl/naming/streams.ts';
import type { Effects } from '../../etl/ports.ts';
import { protectedBytes } from '../../etl/privacy/protect-source.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import { sourceMembers } from '../../etl/privacy/source-members.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import { type ClaimedFile, refusedWrite } from './claim.ts';

/** What landing touches. */
export type LandingEffects = Pick<Effects, 'objects' | 'clock' | 'openScratch' | 'vault'>;

/** Where events of a dataset land from an offset on: a contract that takes them, or none. */
export interface Destination {
  readonly place: StreamPlace;
  readonly offset: number;
  /** UTC, `YYYY-MM-DD`. */
  readonly date: string;
  readonly contract: SourceContract | undefined;
}

/** The key of the file. Of a protected dataset it says nothing, as all names of protected files do. */
export async function fileKeyOf(
  { place, offset, date, contract }: Destination,
  effects: LandingEffects,
): Promise<string> {
  if (contract === undefined) return apartKey(place, offset);
  if (!isProtected(protectionOf(contract))) return eventFileKey(contract.dataset, date, { place, offset });
  const [name = ''] = await vaultOf(effects).fileNames(contract.dataset, [
    createHash('sha256').update(eventFileName(place, offset)).digest('hex'),
  ]);
  return bronzeKey(contract.dataset, date, sealedName(name));
}

/** What goes into a claimed file. */
interface FileToPut {
  readonly place: StreamPlace;
  readonly lines: readonly Uint8Array[];
  readonly contract: SourceContract | undefined;
}

/**
 * Stores the lines of a claimed file, write-once; leaves what is there. Of a protected dataset they are protected first,
 * and one with personal data in a column that stays in the clear is sealed whole; DataError `NOT_READABLE` says that they can't be.
 */
export async function putFile(
  { key, runs }: ClaimedFile,
  { place, lines, contract }: FileToPut,
  effects: LandingEffects,
): Promise<void> {
  const clear = Buffer.concat(lines.flatMap((line) => [line, LINE_END]));
  // By its name, as whoever reads it: the contract may have changed since it was claimed.
  const body =
    contract !== undefined && isSealed(key)
      ? await sealed(clear, eventFileName(place, runs[0]?.start ?? 0), { contract, effects })
      : clear;
  try {
    await effects.objects.put(key, body, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    if ((await effects.objects.list(key)).length === 0) throw refusedWrite(key);
  }
}

const LINE_END = Buffer.from('\n');

async function sealed(
  bytes: Buffer,
  name: string,
  { contract, effects }: { readonly contract: SourceContract; readonly effects: LandingEffects },
): Promise<Buffer> {
  const source = {
    name,
    sizeBytes: bytes.length,
    async *read(range?: { readonly start: number; readonly end?: number }) {
      yield bytes.subarray(range?.start ?? 0, range?.end);
    },
  };
  const reading = { contract, openScratch: effects.openScratch };
  const parts = { contract, vault: vaultOf(effects), arrived: effects.clock.now(), sealsPersonal: true };
  const pieces: Buffer[] = [];
  for (const member of await sourceMembers(source, reading))
    for await (const piece of protectedBytes(member, parts)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

function vaultOf({ vault }: LandingEffects): Vault {
  if (vault !== undefined) return vault;
  throw new ConfigError(
    'NO_VAULT',
    'Events of a protected dataset came, and this process was given no vault: make one with `assay vault init`.',
  );
}
