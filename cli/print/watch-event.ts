import type { Lake } from '../../adapters/local/lake.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';
import { outcomeJson, printOutcome } from '../outcome.ts';
import type { WatchEvent } from '../watch-lake.ts';
import { errorJson, isDebug, messageText } from './error.ts';
import { size } from './format.ts';
import { printable, printableLines } from './printable.ts';

/** An event as --json prints it. */
export async function watchEventJson(lake: Lake, event: WatchEvent) {
  switch (event.kind) {
    case 'ingested':
      return { event: 'ingested', dataset: event.dataset, ...event.source };
    case 'refused':
      return { event: 'refused', file: event.file, error: errorJson(event.error) };
    case 'outcome':
      return { event: 'run', run: await outcomeJson(lake, event.outcome) };
    case 'swept':
      return { event: 'swept', datasets: event.datasets };
    case 'trouble':
      return { event: 'error', error: errorJson(event.error) };
  }
}

/** Prints events for people. A run that found nothing to do is not worth a line here. */
export function watchEventPrinter(context: {
  readonly lake: Lake;
  readonly args: Args;
  readonly io: Io;
}): (event: WatchEvent) => Promise<void> {
  const { io } = context;
  return async (event) => {
    if (event.kind === 'ingested') {
      const { file, sizeBytes, existed } = event.source;
      const what = existed ? 'already there' : `ingested, ${size(sizeBytes)}`;
      io.out(printable(`${event.dataset}: ${shownPath(file, io)} ${what}`));
    } else if (event.kind === 'refused') {
      io.err(
        `assay: ${printable(shownPath(event.file, io))} was not taken. ${printableLines(messageText(event.error, isDebug(context.args, io)))}`,
      );
    } else if (event.kind === 'swept') {
      io.out(printable(`Sweeping ${event.datasets.join(', ')}`));
    } else if (event.kind === 'trouble') {
      io.err(`assay: ${printableLines(messageText(event.error, isDebug(context.args, io)))}`);
    } else if (event.outcome.kind === 'error' || event.outcome.run.status !== 'nothing-to-do') {
      await printOutcome(event.outcome, false, context);
      io.out('');
    }
  };
}
