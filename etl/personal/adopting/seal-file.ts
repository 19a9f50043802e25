import type { SourceContract } from '../../contract/contract.ts';
import { type FileToRead, openFile } from '../../csv/open-file.ts';
import type { Opened, Unopened } from '../../csv/opened.ts';
import { DataError } from '../../errors.ts';
import { sourceName } from '../../naming/bronze.ts';
import type { Effects, Scratch } from '../../ports.ts';
import { planProtection } from '../../privacy/plan-protection.ts';
import { protectedBytes } from '../../privacy/protect-source.ts';
import { protectionOf } from '../../privacy/protection.ts';
import { secretScratch } from '../../privacy/secret-scratch.ts';
import { Sodium } from '../../privacy/sodium.ts';
import type { Vault } from '../../privacy/vault.ts';
import type { BronzeKeeper } from './bronze-keeper.ts';
import type { ClearFile } from './clear-files.ts';
import { type Proven, proveEqual } from './prove-equal.ts';

/** What a clear file is sealed with. */
export interface Sealing {
  readonly effects: Effects;
  readonly keeper: BronzeKeeper;
  readonly vault: Vault;
  /** The contract that the file is read by. */
  readonly contract: SourceContract;
}

/** Throws DataError `NOT_READABLE` where a clear file can't be read by a contract. */
export async function requireReadable(file: ClearFile, { effects, contract }: Sealing): Promise<void> {
  if (file.unreadable !== undefined) throw notReadable(file.key, file.unreadable);
  const { opened, scratch } = await openSource(file, effects, contract);
  if (opened.kind === 'open') await opened.window.close();
  await scratch.dispose();
  if (opened.kind === 'rejected') throw notReadable(file.key, opened.why);
}

const notReadable = (key: string, why: string): DataError =>
  new DataError('NOT_READABLE', `${key} can't be read: ${why}.`, { context: { key } });

/** Seals a clear file under a key, as if its source had brought it at its time. */
export async function sealFile(file: ClearFile, key: string, sealing: Sealing): Promise<void> {
  const { effects, keeper, vault, contract } = sealing;
  const member = {
    name: sourceName(file.key),
    digest: file.digest,
    open: () => openSource(file, effects, contract),
  };
  const scratch = await effects.openScratch('protected');
  try {
    const copy = await scratch.create('protected.csv');
    const parts = { contract, vault, arrived: new Date(file.arrivedMs) };
    for await (const bytes of protectedBytes(member, parts)) await copy.write(bytes);
    await copy.close();
    await keeper.place(copy.path, key, file.arrivedMs);
  } finally {
    await scratch.dispose();
  }
}

/** Proves a sealed object equal to the clear file that it was made of. */
export async function proveSealed(file: ClearFile, key: string, sealing: Sealing): Promise<Proven> {
  const { effects, vault, contract } = sealing;
  const [clear, sealed] = [
    await openSource(file, effects, contract),
    await openSource({ key }, effects, contract),
  ];
  const sodium = await Sodium.open();
  try {
    const opened = [clear.opened, sealed.opened] as const;
    return await proveEqual({
      ...{ name: file.key, clear: opened[0], sealed: opened[1], vault, sodium },
      now: effects.clock.now(),
      plan: planOf(contract, opened[0]),
    });
  } finally {
    sodium.dispose();
    for (const { opened, scratch } of [clear, sealed]) {
      if (opened.kind === 'open') await opened.window.close();
      await scratch.dispose();
    }
  }
}

function planOf(contract: SourceContract, opened: Opened | Unopened) {
  const layout =
    opened.kind === 'open' ? opened.layout : { fields: 0, columns: [], unknown: [], newline: '\n' as const };
  return planProtection(contract, protectionOf(contract), layout).plan;
}

/** Opens a file at its first record, with scratch space that whoever opens it disposes of. */
export async function openSource(
  { key, member }: { readonly key: string; readonly member?: FileToRead['member'] | undefined },
  effects: Effects,
  contract: SourceContract,
): Promise<{ opened: Opened | Unopened; scratch: Scratch }> {
  const scratch = secretScratch(await effects.openScratch('adopt'));
  try {
    const file = { index: 0, key, ...(member === undefined ? {} : { member }) };
    return { opened: await openFile(file, { contract, data: effects.data, scratch }), scratch };
  } catch (error) {
    await scratch.dispose();
    throw error;
  }
}
