import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Session } from './session.ts';

const SCRIPT = fileURLToPath(new URL('../readers/read_table.py', import.meta.url));

/** What to read of a table. */
export interface TableRequest {
  /** Glue table, `database.name`. */
  readonly table?: string;
  /** Metadata file to read without a catalog. */
  readonly metadata?: string;
  /** Filter in PyIceberg's language, e.g. `payment_date < '2011-01-01'`. */
  readonly filter?: string;
  readonly sums?: readonly string[];
  /** Columns of the rows to return, in an order of their own. */
  readonly rows?: readonly string[];
}

const Answers = z.array(
  z.object({
    location: z.string(),
    count: z.number().int(),
    sums: z.record(z.string(), z.string()),
    rows: z.array(z.record(z.string(), z.unknown())),
    files: z.number().int(),
    all_files: z.number().int(),
  }),
);
/** What PyIceberg found in a table. */
export type TableAnswer = z.infer<typeof Answers>[number];

/** Has PyIceberg read tables through the Glue catalog and S3 of the emulator, or local ones by their metadata files. */
export async function readTables(
  { python, url }: Pick<Session, 'python' | 'url'>,
  requests: readonly TableRequest[],
): Promise<TableAnswer[]> {
  const input = JSON.stringify(requests.map((request) => ({ endpoint: url, ...request })));
  return Answers.parse(JSON.parse(await runScript(python, SCRIPT, input)));
}

/** Runs a Python script with a text on its standard input and returns what it prints. */
export function runScript(python: string, script: string, input: string): Promise<string> {
  const child = spawn(python, ['-W', 'ignore', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(texts.out);
      else reject(new Error(`${script} ended with ${code}: ${texts.err}`));
    });
  });
}
