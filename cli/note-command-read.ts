import { messageOf } from '../etl/errors.ts';
import { noteRead, type WhatIsRead } from '../etl/products/note-read.ts';
import type { Args } from './command.ts';
import { identity } from './identity.ts';
import type { Io } from './io.ts';
import type { CommandLake } from './open-lake.ts';
import { printable } from './print/printable.ts';

/**
 * Keeps that a command read data products of a lake in a folder. On AWS CloudTrail knows it; who reads there may write
 * nothing. Where it can't be kept, that is a warning.
 */
export async function noteCommandRead(
  { effects, athena }: Pick<CommandLake, 'effects' | 'athena'>,
  what: WhatIsRead,
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<void> {
  if (athena !== undefined) return;
  try {
    await noteRead(effects, { by: identity(args, io), way: 'command' }, what);
  } catch (error) {
    io.err(printable(`warning: that you read this was not kept: ${messageOf(error)}`));
  }
}
