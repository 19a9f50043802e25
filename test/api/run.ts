import path from 'node:path';
import { run } from '../aws/support/processes.ts';
import { ensureVenv, ROOT } from '../aws/support/python.ts';
import { runSession, timed } from '../aws/support/session-runner.ts';
import { type ServedRole, serveRoles } from './served-roles.ts';

/** What every answer must be: as the description says, and no error of ours. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'negative_data_rejection',
  'allow_header_conformance',
];

/** How long each role asks, in seconds. */
const SECONDS = { admin: 30, analyst: 12, auditor: 12 } as const;

/**
 * `npm run test:api`: schemathesis, which knows nothing of our code, reads the description of the API and asks it whatever
 * that allows, and what it doesn't, as people of several roles. Arguments go to schemathesis, e.g. `--seed 7`.
 * Exit codes: 0 all was answered as described, 1 something was not, 2 the machine lacks something.
 */
process.exitCode = await runSession({
  name: 'api',
  holds: 'The report is',
  async work({ folder, signal, atEnd }) {
    const venv = {
      folder: path.join(ROOT, '.venv-api'),
      pins: path.join(ROOT, 'test/api/requirements.txt'),
      holds: 'schemathesis',
    };
    const python = await timed('schemathesis', () => ensureVenv(venv, console.log));
    const { served, dispose } = await timed('services', () => serveRoles(['admin', 'analyst', 'auditor']));
    atEnd(dispose);
    for (const one of served)
      await timed(one.role, () => ask(one, { python, cwd: folder, signal, log: console.log }));
    return true;
  },
});

interface Asking {
  readonly python: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Has schemathesis ask a service; throws where something is not answered as described. */
async function ask({ role, url, token }: ServedRole, { python, ...options }: Asking): Promise<void> {
  const schemathesis = path.join(path.dirname(python), 'schemathesis');
  const seconds = String(SECONDS[role as keyof typeof SECONDS]);
  await run(
    schemathesis,
    [
      ...['run', `${url}/v1/openapi.json`, '--header', `Authorization: Bearer ${token}`],
      ...['--phases', 'coverage,fuzzing', '--max-examples', '20', '--max-time', seconds, '--seed', '1'],
      ...['--checks', CHECKS.join(','), '--request-timeout', '30', '--no-shrink', '--warnings', 'off'],
      // Streams of events end after minutes.
      ...['--exclude-path-regex', 'events$|/projections/.+/changes$', '--continue-on-failure'],
      ...process.argv.slice(2),
    ],
    options,
  );
}
