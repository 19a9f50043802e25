import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { z } from 'zod';
import { ROOT } from '../../aws/support/python.ts';
import { endChild } from './server.ts';

/** A value as test/engines/readers/cells.py writes it: exact text, or a list of values. */
export type Cell = string | number | null | readonly Cell[];
const CellShape: z.ZodType<Cell> = z.lazy(() =>
  z.union([z.string(), z.number(), z.null(), z.array(CellShape)]),
);

const Answer = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(CellShape)),
  files: z.number().nullish(),
});
/** What an engine answered; `files` are the data files that it planned to read, where it says so. */
export type Answer = z.infer<typeof Answer>;

const Line = z.union([z.object({ error: z.string() }), z.object({ answer: z.unknown() })]);

/** How one of the scripts in readers/ is started. */
export interface ReaderOptions {
  readonly python: string;
  /** Its name in readers/, without `.py`. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** An engine behind one of the scripts in readers/, which answers one request after the other. */
export class Reader {
  private readonly options: ReaderOptions;
  private readonly child: ChildProcess;
  private readonly requests: Writable;
  private readonly lines: AsyncIterator<string>;

  constructor(options: ReaderOptions) {
    this.options = options;
    const script = path.join(ROOT, 'test/engines/readers', `${options.script}.py`);
    const log = openSync(options.logFile, 'a');
    this.child = spawn(options.python, ['-W', 'ignore', script, ...options.args], {
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, TZ: 'UTC', PYTHONDONTWRITEBYTECODE: '1', ...options.env },
    });
    closeSync(log);
    const { stdin, stdout } = this.child;
    if (stdin === null || stdout === null) throw new Error(`${options.script} has no pipes.`);
    this.requests = stdin;
    this.lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** The answer to a request, whatever it is; throws with what the engine says where it fails. */
  async request(request: object): Promise<unknown> {
    this.requests.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`${this.options.script} ended; see ${this.options.logFile}`);
    const line = Line.parse(JSON.parse(value));
    if ('error' in line) throw new Error(`${JSON.stringify(request).slice(0, 500)}: ${line.error}`);
    return line.answer;
  }

  /** The rows that answer a request. */
  async rows(request: object): Promise<Answer> {
    return Answer.parse(await this.request(request));
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    this.requests.end();
    await endChild(this.child);
  }
}
