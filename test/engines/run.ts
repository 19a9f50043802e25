import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runJest, runSession, timed } from '../aws/support/session-runner.ts';
import { makeLivedLake } from './lake/lived-lake.ts';
import { startAssayCatalog } from './support/assay-catalog.ts';
import { keep } from './support/lake.ts';
import { startRestCatalog } from './support/rest-catalog.ts';
import { SESSION_VARIABLE, type Session } from './support/session.ts';
import { ensureTools } from './support/tools.ts';

/**
 * `npm run test:engines`: installs Trino, Spark and PyIceberg, makes a lake that lived, and runs the tests of
 * test/engines, which have those engines read it and write to copies. Arguments go to Jest.
 * Exit codes: 0 all passed, 1 something failed (lake and logs are kept), 2 the machine lacks something.
 */
process.exitCode = await runSession({
  name: 'engines',
  holds: 'The lake and the logs are',
  async work({ folder, signal, atEnd }) {
    const [tools] = await Promise.all([
      timed('engines', () => ensureTools(console.log)),
      timed('lake', () => makeLivedLake(folder)),
    ]);
    await keep(folder);
    const rest = await timed('REST catalog', () => startRestCatalog(tools, folder));
    atEnd(() => rest.stop());
    const assay = await timed('assay serve', () => startAssayCatalog(folder));
    atEnd(() => assay.stop());
    const file = path.join(folder, 'session.json');
    await writeFile(file, JSON.stringify({ tools, folder, rest: rest.url, assay } satisfies Session));
    const env = { ...process.env, [SESSION_VARIABLE]: file };
    const config = 'test/engines/jest.config.mjs';
    return await timed('tests', () => runJest({ config, args: process.argv.slice(2), env, signal }));
  },
});
