import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { ASK_OPTIONS, askProject } from '../project/ask.ts';
import { followProject } from '../project/follow.ts';
import { FOLLOW_OPTIONS, FOLLOW_TOPICS_OPTIONS } from '../project/follow-options.ts';
import { REFRESH_OPTIONS, refreshProject } from '../project/refresh.ts';
import { usageError } from '../usage-error.ts';

/** `assay project`: brings a projection up to date, or says what it says of a stream, at any moment, as known at any moment. */
export const project: Command = {
  name: 'project',
  usage:
    'NAME [--rebuild | --stream ID [--at TIME] [--as-of WHEN] [--trace [--events N]] | --follow [--since PLACE] [--every SECONDS] [--bootstrap HOST:PORT --topic T]] [--lake DIR]',
  description: `Brings a projection up to the events that are published, as every run of their dataset does: after its code failed and was
mended, say. With --rebuild all events are folded anew. Readers see the one state or the other, nothing in between. Code that
throws, never ends, takes too much memory or isn't deterministic changes nothing: the error names the event and its stream.
With --stream it changes nothing, and says what the projection says of one stream: the events are folded in the order of their
versions. With --at only those that had happened by then count, by their own time. With --as-of those that were known then,
folded by the code of then: also where the snapshots of then were expired. Both together say what was believed at one
moment of another. --trace adds the events, each with the state after it.
With --follow it tells which streams changed whenever something is published, until Ctrl-C or SIGTERM; with --json an object a
line for each, with the stream's rows and an id from which --since goes on later. Whoever publishes: runs, an enforcer, or,
with --bootstrap, this process: it reads topics as 'assay enforce' does, and runs the datasets of their events every few
seconds. Killed and started again it goes on where it was, and no event counts twice. Where code fails, it says so, the
projection stays as it was, and once code or events are others it goes on. The exit code is 0 then.`,
  options: { ...REFRESH_OPTIONS, ...ASK_OPTIONS, ...FOLLOW_OPTIONS, ...FOLLOW_TOPICS_OPTIONS },
  examples: [
    'assay project products.held',
    'assay project products.held --rebuild',
    'assay project products.held --stream CP-004',
    'assay project products.held --stream CP-004 --at 2026-02-10',
    'assay project products.held --stream CP-004 --at 2026-02-10 --as-of 2026-03-01T09:00Z --trace --json',
    'assay project products.held --follow --json',
    'assay project products.held --follow --bootstrap broker:9092 --topic products --from-start',
  ],
  positionals: { min: 1, max: 1, name: 'NAME' },
  async run(args, io) {
    if (args.has('follow')) {
      const other = ['rebuild', ...Object.keys(ASK_OPTIONS)].find((name) => args.has(name));
      if (other !== undefined)
        throw usageError(`--${other} and --follow exclude each other: give one of them.`);
      return await followProject(args, io);
    }
    const ofFollowing = Object.keys({ ...FOLLOW_OPTIONS, ...FOLLOW_TOPICS_OPTIONS }).find((name) =>
      args.has(name),
    );
    if (ofFollowing !== undefined && ofFollowing !== 'no-tend')
      throw usageError(`--${ofFollowing} is for --follow: say that, too.`);
    if (args.text('stream') !== undefined) {
      if (args.has('rebuild'))
        throw usageError(
          '--rebuild makes the whole projection, and --stream asks about one stream: give one of them.',
        );
      await askProject(args, io);
      return EXIT.ok;
    }
    const asking = Object.keys(ASK_OPTIONS).find((name) => args.has(name));
    if (asking !== undefined) throw usageError(`--${asking} is for --stream: say which stream to fold.`);
    await refreshProject(args, io);
    return EXIT.ok;
  },
};
