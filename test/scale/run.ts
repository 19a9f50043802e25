import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startEmulator } from '../aws/support/emulator.ts';
import { ensurePython } from '../aws/support/python.ts';
import { runJest, runSession, timed } from '../aws/support/session-runner.ts';
import { ensureTrino } from '../engines/support/tools.ts';
import { startSecuredTrino } from './support/secured-trino.ts';
import { SESSION_VARIABLE, type Session } from './support/session.ts';

/**
 * `npm run test:scale`: installs and starts Trino (the one of test:engines) and runs the tests of test/scale, in which it
 * answers in DuckDB's place; and the emulator of test:aws, for Athena. Arguments go to Jest. Exit codes: 0 all passed, 1 something failed (the log is kept), 2 the
 * machine lacks something.
 */
process.exitCode = await runSession({
  name: 'scale',
  holds: "Trino's log is",
  async work({ folder, signal, atEnd }) {
    const tools = await timed('installing', () => ensureTrino(console.log));
    const { trino, ...secured } = await timed('Trino', () => startSecuredTrino(tools, folder));
    atEnd(() => trino.stop());
    const python = await timed('Python', () => ensurePython(console.log));
    const emulator = await timed('AWS emulator', () => startEmulator(python, folder));
    atEnd(() => emulator.stop());
    const file = path.join(folder, 'session.json');
    await writeFile(
      file,
      JSON.stringify({
        ...{ tools, folder, pid: trino.pid, url: trino.url, cloud: emulator.plainUrl },
        ...secured,
      } satisfies Session),
    );
    const env = {
      ...process.env,
      [SESSION_VARIABLE]: file,
      // As whoever has a certificate of their own does.
      NODE_EXTRA_CA_CERTS: secured.certificate,
    };
    const config = 'test/scale/jest.config.mjs';
    return await timed('tests', () => runJest({ config, args: process.argv.slice(2), env, signal }));
  },
});
