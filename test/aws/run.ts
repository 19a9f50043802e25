import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { bootstrap, deploy } from './support/deploy.ts';
import { cloudEnvironment, startEmulator } from './support/emulator.ts';
import { startLineageServer } from './support/lineage-server.ts';
import { ensurePython, ROOT } from './support/python.ts';
import { contractsWith } from './support/redeploy.ts';
import { SESSION_VARIABLE, writeSession } from './support/session.ts';
import { runJest, runSession, timed } from './support/session-runner.ts';

/**
 * `npm run test:aws`: starts the emulator, deploys the platform to it, runs the tests of test/aws against it, and
 * stops it, whatever happened. Arguments go to Jest; `--keep` alone deploys and waits for Ctrl-C instead.
 * Exit codes: 0 all passed, 1 something failed (the logs are kept), 2 the machine lacks something.
 */
process.exitCode = await runSession({
  name: 'aws',
  holds: 'Logs are',
  async work({ folder, signal, atEnd }) {
    const args = process.argv.slice(2);
    const python = await timed('Python side', () => ensurePython(console.log));
    const emulator = await timed('emulator', () => startEmulator(python, folder));
    atEnd(() => emulator.stop());
    const { url, plainUrl } = emulator;
    // One dataset of the shop is protected, and baskets are of events: nothing of the repository's own is.
    const contracts = await contractsWith(
      path.join(ROOT, 'examples/shop'),
      path.join(ROOT, 'test/aws/events'),
    );
    atEnd(() => contracts.remove());
    const { contractsDir } = contracts;
    const lineage = await startLineageServer();
    atEnd(() => lineage.stop());
    const target = { url, plainUrl, folder, python, signal, lineageUrl: lineage.url, contractsDir };
    const variables = await timed('deployment', () => deployTo(target));
    if (args.includes('--keep')) return await wait(variables, signal);
    const { AWS_CA_BUNDLE: _, AWS_PROFILE: __, AWS_SESSION_TOKEN: ___, ...inherited } = process.env;
    const env = { ...inherited, ...variables };
    const config = 'test/aws/jest.config.mjs';
    return await timed('tests', () => runJest({ config, args, env, signal }));
  },
});

interface Target {
  readonly url: string;
  readonly plainUrl: string;
  readonly folder: string;
  readonly python: string;
  /** Told of every run, by all tests. */
  readonly lineageUrl: string;
  /** The contracts that are deployed, and that commands look into here. */
  readonly contractsDir: string;
  readonly signal: AbortSignal;
}

/** Deploys and returns the environment in which the tests find the platform. */
async function deployTo({ signal, ...target }: Target): Promise<Record<string, string>> {
  const { folder, url, lineageUrl, contractsDir } = target;
  const logFile = path.join(folder, 'cdk.log');
  const options = {
    url,
    folder,
    signal,
    lineageUrl,
    contractsDir,
    log: (line: string) => appendFileSync(logFile, `${line}\n`),
  };
  await bootstrap(options);
  const sessionFile = path.join(folder, 'session.json');
  await writeSession(sessionFile, { ...target, outputs: await deploy(options) });
  return { ...cloudEnvironment(url), [SESSION_VARIABLE]: sessionFile, ASSAY_CONTRACTS: contractsDir };
}

/** Keeps the platform up for a person until Ctrl-C. */
async function wait(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<boolean> {
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`);
  console.log('The platform is up; Ctrl-C stops it.');
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  return true;
}
