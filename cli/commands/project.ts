import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { ASK_OPTIONS, askProject } from '../project/ask.ts';
import { usageError } from '../usage-error.ts';

/** `assay project`: what a projection says of a stream, at any moment, as known at any moment. */
export const project: Command = {
  name: 'project',
  usage: 'NAME --stream ID [--at TIME] [--as-of WHEN] [--trace] [--lake DIR]',
  description: `What a projection says of one stream of its event dataset: the events are folded in the order of their versions. With --at
only those that had happened by then count, by their own time. With --as-of those that were known then, folded by the code of then: also
where the snapshots of then were expired. Both together say what was believed at one moment of another. --trace adds the
events, each with the state after it.`,
  options: ASK_OPTIONS,
  examples: [
    'assay project products.held --stream CP-004',
    'assay project products.held --stream CP-004 --at 2026-02-10',
    'assay project products.held --stream CP-004 --at 2026-02-10 --as-of 2026-03-01T09:00Z --trace --json',
  ],
  positionals: { min: 1, max: 1, name: 'NAME' },
  async run(args, io) {
    if (args.text('stream') === undefined) throw usageError('--stream is missing: say which stream to fold.');
    await askProject(args, io);
    return EXIT.ok;
  },
};
