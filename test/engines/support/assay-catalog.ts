import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ROOT } from '../../aws/support/python.ts';
import type { EngineTable } from './lake.ts';
import { endChild, type Server } from './server.ts';

/** Where `assay serve` is an Iceberg catalog, and the token by which it answers. */
export const AssayCatalog = z.object({ url: z.string(), token: z.string() });
export type AssayCatalog = z.infer<typeof AssayCatalog>;

/** Serves the lake in a folder, as somebody would type it. */
export async function startAssayCatalog(folder: string): Promise<AssayCatalog & Server> {
  const log = openSync(path.join(folder, 'assay-serve.log'), 'a');
  const launcher = path.join(ROOT, 'cli/assay.mjs');
  const child = spawn(process.execPath, [launcher, 'serve', '--port', '0', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  const { stdout } = child;
  if (stdout === null) throw new Error('assay serve has no output.');
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  const { url, token } = AssayCatalog.parse(JSON.parse(String(value)));
  return { url: `${url}/iceberg`, token, stop: () => endChild(child) };
}

/** Whether the catalog has a table: ledgers are made into tables of `ops` when they are asked for. */
export const isInCatalog = ({ namespace }: EngineTable): boolean => namespace !== 'ops';
