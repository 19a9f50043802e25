import { Presets, SingleBar } from 'cli-progress';
import type { ProgressEvent } from '../../etl/ports.ts';
import type { Io } from '../io.ts';
import { size } from './format.ts';

/** Shorter work than this shows no bar. */
const PATIENCE_MS = 700;

/** Shows how far the work has come. */
export interface Progress {
  /** To be called with every event of a stage. */
  advance(event: ProgressEvent): void;
  /** Takes the bar away, so that something else can be printed. */
  stop(): void;
}

/** A bar on stderr, if a terminal is there to show it and the work is long; else nothing. `atEnd` is what comes after the last byte. */
export function progressBar(io: Io, isWanted: boolean, atEnd = 'sealing and publishing …'): Progress {
  if (!isWanted || !io.isTerminal.err) return { advance: () => undefined, stop: () => undefined };
  let bar: SingleBar | undefined;
  let began: { readonly runId: string; readonly at: number } | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
    began = undefined;
  };
  return {
    stop,
    advance({ stage, runId, doneBytes, totalBytes }) {
      if (began?.runId !== runId) {
        stop();
        began = { runId, at: performance.now() };
      }
      const isDone = doneBytes >= totalBytes;
      if (bar === undefined && (isDone || performance.now() - began.at < PATIENCE_MS)) return;
      bar ??= startBar(totalBytes);
      const doing = isDone ? atEnd : stage;
      bar.update(doneBytes, { doing, done: size(doneBytes), all: size(totalBytes) });
    },
  };
}

function startBar(totalBytes: number): SingleBar {
  const format = '{bar} {percentage} % | {done} of {all} | {doing}';
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true }, Presets.shades_classic);
  bar.start(totalBytes, 0, { doing: '', done: '', all: size(totalBytes) });
  return bar;
}

/** Shows how many of so many are done. */
export interface CountProgress {
  advance(done: number): void;
  stop(): void;
}

/** A bar on stderr that counts, if a terminal is there to show it; else nothing. */
export function countBar(io: Io, isWanted: boolean, total: number, what: string): CountProgress {
  if (!isWanted || !io.isTerminal.err) return { advance: () => undefined, stop: () => undefined };
  const format = `{bar} {percentage} % | {value} of {total} ${what} | {eta_formatted} left`;
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true }, Presets.shades_classic);
  bar.start(total, 0);
  return { advance: (done) => bar.update(done), stop: () => bar.stop() };
}
