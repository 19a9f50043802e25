import { setTimeout as sleep } from 'node:timers/promises';
import { requireProjection } from '../../etl/asking/require-projection.ts';
import type { ProjectionContract } from '../../etl/contract/contract.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { followProjection } from '../../etl/following/follow-projection.ts';
import { keepUp } from '../../etl/following/keep-up.ts';
import { nextChanges } from '../../etl/following/next-changes.ts';
import { type Place, parsePlace } from '../../etl/following/place.ts';
import type { Args } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { errorJson, messageText } from '../print/error.ts';
import { printable } from '../print/printable.ts';
import { stackOf } from '../target.ts';
import { usageError } from '../usage-error.ts';
import { everyMs } from './follow-options.ts';
import { toldJson, toldText } from './told-lines.ts';

/** How often the lake is looked at. */
const LOOK_MS = 500;

/** So many changed streams of one publication are told one by one. */
const MOST_STREAMS = 100_000;

/** Tells what changes in a projection, and with --bootstrap publishes what comes on topics, until Ctrl-C or SIGTERM. */
export async function followProject(args: Args, io: Io): Promise<ExitCode> {
  const [dataset = ''] = args.positionals;
  const [every, since] = [everyMs(args), args.text('since')];
  const place = since === undefined ? undefined : parsePlace(since);
  const isOnTopics = args.texts('bootstrap').length > 0;
  if (isOnTopics && stackOf(args, io) !== undefined)
    throw usageError('--bootstrap publishes topics in a folder; on a platform, an enforcer does that.');
  const lake = await openLakeOf(args, io);
  const contract = requireProjection(requireContract(await loadContracts(lake.effects.contracts), dataset));
  const ending = new AbortController();
  const off = io.onInterrupt(() => {
    off();
    ending.abort();
  });
  const following = follow({ lake, contract, every, args, io, ending: ending.signal }, place);
  try {
    if (isOnTopics) await enforceInto(contract, every, { args, io });
    else await following;
  } finally {
    ending.abort();
    off();
    await following;
  }
  return EXIT.ok;
}

/** Reads topics as `assay enforce` does, at the pace of a follower; what it says is said on stderr. */
async function enforceInto(
  { inputs: [dataset] }: ProjectionContract,
  every: number,
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<void> {
  const { enforceTopics } = await import('../enforce/enforce-topics.ts');
  const pace = { landMs: Math.max(500, every / 2), runMs: every / 2, first: dataset };
  await enforceTopics(args, { ...io, out: (line) => io.err(line) }, pace);
}

interface Following {
  readonly lake: CommandLake;
  readonly contract: ProjectionContract;
  readonly every: number;
  readonly args: Args;
  readonly io: Io;
  readonly ending: AbortSignal;
}

/** Looks again and again, and once more at the end. */
async function follow(following: Following, from: Place | undefined): Promise<void> {
  const { lake, contract, every, args, io, ending } = following;
  const followed = followProjection(lake.effects, contract, MOST_STREAMS);
  const refresh = keepUp(lake.effects, contract.dataset, every);
  const lines = args.has('json') ? toldJson : toldText;
  let place = from;
  for (let isLast = false, lookedMs = 0; ; ) {
    try {
      const told = await nextChanges(followed, place);
      for (const line of lines(contract.dataset, told)) {
        io.out(args.has('json') ? line : printable(line));
        await io.drained();
      }
      place = told.at(-1)?.place ?? place;
      if (told.length > 0 && !isLast) continue;
      if (!isLast && performance.now() - lookedMs >= every / 2) {
        lookedMs = performance.now();
        if ((await refresh()) !== undefined) continue;
      }
    } catch (error) {
      tellTrouble(error, following);
    }
    if (isLast) return;
    await sleep(LOOK_MS, undefined, { signal: ending }).catch(() => undefined);
    isLast = ending.aborted;
  }
}

/** The projection stays as it is, and is looked at again. */
function tellTrouble(error: unknown, { args, io }: Following): void {
  if (args.has('json')) io.out(JSON.stringify({ event: 'trouble', ...errorJson(error) }));
  else io.err(printable(messageText(error, args.has('debug'))));
}
