import type { Buffer } from 'node:buffer';
import type { SourceContract } from '../contract/contract.ts';
import type { Opened, Unopened } from '../csv/opened.ts';
import { TransientError } from '../errors.ts';
import { CellWork, type OpenCellWorkers } from './cells/cell-work.ts';
import { planProtection } from './plan-protection.ts';
import { protectedFile } from './protect-file.ts';
import { protectionOf } from './protection.ts';
import { Sodium } from './sodium.ts';
import type { SourceMember } from './source-members.ts';
import type { Vault } from './vault.ts';

/** What a file of records is protected with. */
export interface ProtectingParts {
  readonly contract: SourceContract;
  readonly vault: Vault;
  /** When the file came. */
  readonly arrived: Date;
  /** Whether a record with personal data in the clear is sealed whole, instead of the file being refused. */
  readonly sealsPersonal?: boolean;
  /** Who helps to seal; absent where nobody does. */
  readonly openWorkers?: OpenCellWorkers | undefined;
}

/**
 * The bytes under which a file of records is stored; none where it is empty. What envelopes need of the vault is durable
 * before they are handed on. They are good until the next are asked for.
 */
export async function* protectedBytes(member: SourceMember, parts: ProtectingParts): AsyncGenerator<Buffer> {
  const { opened, scratch } = await member.open();
  try {
    yield* protectedPieces(member, opened, parts);
  } finally {
    if (opened.kind === 'open') await opened.window.close();
    await scratch.dispose();
  }
}

async function* protectedPieces(
  { name }: SourceMember,
  opened: Opened | Unopened,
  { contract, vault, arrived, openWorkers, sealsPersonal = false }: ProtectingParts,
): AsyncGenerator<Buffer> {
  if (opened.kind === 'rejected')
    throw new TransientError('FILE_CHANGING', `${name} changed while it was read: ${opened.why}.`);
  if (opened.kind === 'empty') return;
  const sodium = await Sodium.open();
  const work = new CellWork(openWorkers);
  try {
    const plan = planProtection(contract, protectionOf(contract), opened.layout);
    yield* protectedFile({ ...plan, name, opened, contract, vault, sodium, arrived, work, sealsPersonal });
  } finally {
    await work.close();
    sodium.dispose();
  }
}
