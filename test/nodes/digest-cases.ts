import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCase } from '../stages/golden-case.ts';

const CASES = fileURLToPath(new URL('../golden', import.meta.url));

/** Prints a line for each golden case: its name and the SHA-256 of all that it leaves, by the Node that runs this. */
async function main(): Promise<void> {
  for (const name of (await readdir(CASES)).sort()) {
    const { outcome } = await runCase(path.join(CASES, name));
    const digest = createHash('sha256')
      .update(JSON.stringify(Object.entries(outcome).sort()))
      .digest('hex');
    process.stdout.write(`${name} ${digest}\n`);
  }
}

await main();
