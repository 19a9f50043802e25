import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ifPresent } from '../../adapters/local/file-errors.ts';
import type { Lake } from '../../adapters/local/lake.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Command } from '../command.ts';
import { EXIT, type ExitCode, exitCodeOf, worst } from '../exit-codes.ts';
import { LINK_OPTION, linksOf } from '../follow-links.ts';

import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';
import { NO_TEND, openLakeOf } from '../open-lake.ts';
import { outcomeCode } from '../outcome-code.ts';
import { progressBar } from '../print/progress.ts';
import { watchEventJson, watchEventPrinter } from '../print/watch-event.ts';
import { SET_OPTIONS, setOptionsOf } from '../set-engine.ts';
import { usageError } from '../usage-error.ts';
import { type WatchEvent, watchLake } from '../watch-lake.ts';

const DEFAULT_SETTLE = '2';

/** `assay watch`: ingests and runs files as they come. */
export const watch: Command = {
  name: 'watch',
  usage: '--drop DIR [--once] [--settle SECONDS] [--no-tend] [--engine ENGINE] [--trino URL] [--lake DIR]',
  description: `Takes files that are dropped into DIR/<domain>/<dataset>/ (those there already, too), copies them into Bronze and runs
their dataset. A file is taken once it was not written to for some seconds; names that end in .part, .tmp and the like
are left until they are renamed. Dropped files stay where they are: Bronze has its copy, and a restart takes none twice.
What lies elsewhere, has no contract, or is a link (unless --follow-links is given) is reported and left alone. Every dataset is run at the start and once a day.
Now and then, between two runs, it also tends the tables, as 'assay tend' does.
Ctrl-C ends it after the run under way. With --json, one JSON object a line for each event.`,
  options: {
    drop: { type: 'string', value: 'DIR', help: 'the folder to watch' },
    ...LINK_OPTION,
    once: { type: 'boolean', help: 'take and run what is there, then end (for cron)' },
    'no-tend': NO_TEND,
    ...SET_OPTIONS,
    settle: {
      type: 'string',
      value: 'SECONDS',
      help: `seconds without a change before a file is taken (default: ${DEFAULT_SETTLE})`,
    },
  },
  examples: [
    'assay watch --drop drops',
    'assay watch --drop /srv/sftp --settle 30 --json',
    'assay watch --drop drops --once',
  ],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'there, a file that comes into Bronze starts a run by itself; assay ingest brings it.',
  async run(args, io) {
    const drop = args.text('drop');
    if (drop === undefined)
      throw usageError('--drop is missing: name the folder to watch, e.g. --drop drops.');
    const settleMs = settleOf(args.text('settle') ?? DEFAULT_SETTLE);
    const bar = progressBar(io, !args.has('json'));
    const lake = await openLakeOf(args, io, { progress: bar.advance, setOptions: setOptionsOf(args) });
    const folder = path.resolve(io.cwd, drop);
    await checkDrop(folder, lake);
    const isJson = args.has('json');
    const print = isJson
      ? async (event: WatchEvent) =>
          io.out(JSON.stringify({ ...(await watchEventJson(lake, event)), at: new Date().toISOString() }))
      : watchEventPrinter({ lake, args, io });
    if (isJson) io.out(JSON.stringify({ event: 'watching', drop: folder, at: new Date().toISOString() }));
    else
      io.out(
        `Watching ${shownPath(folder, io)}/<domain>/<dataset>/ ${args.has('once') ? 'once' : '(Ctrl-C ends it)'}`,
      );
    let code: ExitCode = EXIT.ok;
    const watching = watchLake(lake, {
      drop: folder,
      settleMs,
      links: linksOf(args),
      isOnce: args.has('once'),
      onEvent: async (event) => {
        bar.stop();
        code = worst(code, eventCode(event));
        await print(event);
      },
    });
    await untilEnded(watching, io, isJson);
    bar.stop();
    if (isJson) io.out(JSON.stringify({ event: 'stopped', at: new Date().toISOString() }));
    return args.has('once') ? code : EXIT.ok;
  },
};

/** Waits for the end; the first Ctrl-C asks for it, a second one kills the process as usual. */
async function untilEnded(watching: ReturnType<typeof watchLake>, io: Io, isJson: boolean): Promise<void> {
  const ignore = io.onInterrupt(() => {
    ignore();
    if (!isJson) io.err('Ending after the run under way; Ctrl-C again ends at once.');
    watching.stop();
  });
  try {
    await watching.ended;
  } finally {
    ignore();
  }
}

function settleOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 86_400)) {
    throw usageError(`--settle ${text} is no number of seconds from 0.1 to 86400.`);
  }
  return Math.round(seconds * 1000);
}

async function checkDrop(folder: string, lake: Lake): Promise<void> {
  if ((await ifPresent(() => stat(folder)))?.isDirectory() !== true) {
    throw new ConfigError(
      'NO_FOLDER',
      `${folder} is not a folder: make it, and in it <domain>/<dataset>/ for each dataset.`,
    );
  }
  const isWithin = (inner: string, outer: string): boolean => !path.relative(outer, inner).startsWith('..');
  if (isWithin(folder, lake.root)) {
    throw new ConfigError('DROP_IN_LAKE', `${folder} lies in the lake: watch a folder outside of it.`);
  }
}

function eventCode(event: WatchEvent): ExitCode {
  if (event.kind === 'outcome') return outcomeCode(event.outcome);
  return event.kind === 'refused' || event.kind === 'trouble' ? exitCodeOf(event.error) : EXIT.ok;
}
