import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { ASK_OPTIONS, askProject } from '../project/ask.ts';
import { REFRESH_OPTIONS, refreshProject } from '../project/refresh.ts';
import { usageError } from '../usage-error.ts';

/** `assay project`: brings a projection up to date, or says what it says of a stream, at any moment, as known at any moment. */
export const project: Command = {
  name: 'project',
  usage: 'NAME [--rebuild | --stream ID [--at TIME] [--as-of WHEN] [--trace [--events N]]] [--lake DIR]',
  description: `Brings a projection up to the events that are published, as every run of their dataset does: after its code failed and was
mended, say. With --rebuild all events are folded anew. Readers see the one state or the other, nothing in between. Code that
throws, never ends, takes too much memory or isn't deterministic changes nothing: the error names the event and its stream.
With --stream it changes nothing, and says what the projection says of one stream: the events are folded in the order of their
versions. With --at only those that had happened by then count, by their own time. With --as-of those that were known then,
folded by the code of then: also where the snapshots of then were expired. Both together say what was believed at one
moment of another. --trace adds the events, each with the state after it.`,
  options: { ...REFRESH_OPTIONS, ...ASK_OPTIONS },
  examples: [
    'assay project products.held',
    'assay project products.held --rebuild',
    'assay project products.held --stream CP-004',
    'assay project products.held --stream CP-004 --at 2026-02-10',
    'assay project products.held --stream CP-004 --at 2026-02-10 --as-of 2026-03-01T09:00Z --trace --json',
  ],
  positionals: { min: 1, max: 1, name: 'NAME' },
  async run(args, io) {
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
