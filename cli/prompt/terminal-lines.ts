import { createInterface } from 'node:readline';
import type { LineOptions, LineReader, Typed } from './line-reader.ts';

/** Lines typed on this process's terminal, with editing, history and the tab key. */
export function terminalLines({ history = [], complete }: LineOptions = {}): LineReader {
  // Node has the newest first.
  const kept = history.toReversed();
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: true,
    history: [...kept],
    historySize: 1000,
    removeHistoryDuplicates: true,
    ...(complete === undefined
      ? {}
      : { completer: (line: string) => [...complete(line)] as [string[], string] }),
  });
  let answer: ((typed: Typed) => void) | undefined;
  // Lines that were pasted come before they are asked for.
  const early: Typed[] = [];
  const give = (typed: Typed): void => {
    if (answer === undefined) early.push(typed);
    else answer(typed);
    answer = undefined;
  };
  // Whole statements are remembered, not their lines.
  reader.on('history', (lines) => void lines.splice(0, lines.length, ...kept));
  reader.on('line', (text) => give({ kind: 'line', text }));
  let interrupt: (() => void) | undefined;
  reader.on('SIGINT', () => {
    if (answer === undefined && interrupt !== undefined) return interrupt();
    // Clear the line: go to its end, erase all.
    reader.write(null, { ctrl: true, name: 'e' });
    reader.write(null, { ctrl: true, name: 'u' });
    give({ kind: 'interrupted' });
  });
  reader.on('close', () => give({ kind: 'closed' }));
  return {
    next(prompt) {
      const waiting = early.shift();
      if (waiting !== undefined) return Promise.resolve(waiting);
      reader.setPrompt(prompt);
      reader.prompt();
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    remember(text) {
      if (kept[0] !== text) kept.unshift(text);
    },
    onInterrupt(callback) {
      interrupt = callback;
      return () => {
        interrupt = undefined;
      };
    },
    close: () => reader.close(),
  };
}
