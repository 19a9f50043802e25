import { type ExpiredReads, expireReads } from '../etl/products/expire-reads.ts';
import { readLegalTerm, termBefore } from '../etl/quarantine/letting-go/legal-term.ts';
import type { Args } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import { openLakeOf } from './open-lake.ts';
import { plural } from './print/format.ts';
import { usageError } from './usage-error.ts';

/** `assay expire --reads`: forgets who read data products so long ago. */
export async function expireReadLog(args: Args, io: Io): Promise<ExitCode> {
  const term = readLegalTerm(args.text('older-than') ?? '');
  if (term === undefined)
    throw usageError(
      "--reads needs --older-than with days, months or years: write e.g. 90d, 13m or 2y. 'm' are months here.",
    );
  if (args.positionals.length > 0)
    throw usageError(
      '--reads forgets the reads of all products: a day is kept, or it is not. Leave out DATASET.',
    );
  const lake = await openLakeOf(args, io, { changes: true });
  const done = await expireReads(lake.effects.objects, termBefore(lake.effects.clock.now(), term));
  io.out(args.has('json') ? JSON.stringify(done, null, 2) : textOf(done));
  return EXIT.ok;
}

function textOf({ before, days, documents }: ExpiredReads): string {
  if (documents === 0) return `No read of before ${before} is kept.`;
  return `Forgot who read data products on ${plural(days, 'day')} before ${before}: ${plural(documents, 'count')} by person and way.`;
}
