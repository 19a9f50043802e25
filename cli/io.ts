import { once } from 'node:events';
import type { OpenLines } from './prompt/line-reader.ts';
import { terminalLines } from './prompt/terminal-lines.ts';

/** What a command may touch besides the lake: where it prints, what it was started with. */
export interface Io {
  /** Prints a line to stdout. */
  out(line: string): void;
  /** Prints a line to stderr. */
  err(line: string): void;
  /** Resolves when stdout has room again: awaited between the pieces of a long output. */
  drained(): Promise<void>;
  /** All of stdin as text. */
  readInput(): Promise<string>;
  /** Stdin piece by piece. */
  inputPieces(): AsyncIterable<Uint8Array>;
  /** Calls back at each Ctrl-C or SIGTERM, instead of ending the process; returns how to stop that. */
  onInterrupt(callback: () => void): () => void;
  /** Reads what a person types; undefined where nobody does, since stdin or stdout is no terminal. */
  readonly openLines: OpenLines | undefined;
  readonly isTerminal: { readonly out: boolean; readonly err: boolean; readonly in: boolean };
  /** Whether stdout takes colours. */
  readonly colour: boolean;
  /** Width of the terminal; infinite where stdout is none. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** The Io of this process. */
export function processIo(): Io {
  const { stdout, stderr, stdin, env } = process;
  ignoreClosedPipe(stdout);
  ignoreClosedPipe(stderr);
  const isTerminal = { out: stdout.isTTY === true, err: stderr.isTTY === true, in: stdin.isTTY === true };
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    async drained() {
      if (stdout.writableNeedDrain && !stdout.destroyed) await once(stdout, 'drain');
    },
    readInput,
    inputPieces: () => stdin,
    onInterrupt(callback) {
      process.on('SIGINT', callback);
      process.on('SIGTERM', callback);
      return () => void process.off('SIGINT', callback).off('SIGTERM', callback);
    },
    openLines: isTerminal.in && isTerminal.out ? terminalLines : undefined,
    isTerminal,
    colour: isTerminal.out && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    columns: isTerminal.out ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    env,
    cwd: process.cwd(),
  };
}

async function readInput(): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString('utf8');
}

/** `assay query … | head` closes the pipe when it has enough: that ends the work, and is no failure. */
function ignoreClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
