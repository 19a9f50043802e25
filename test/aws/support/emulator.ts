import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { endGroup, freePort } from './processes.ts';
import { startProxy } from './proxy.ts';
import { ROOT } from './python.ts';

/** The account and region of the emulated cloud; the emulator takes these credentials for its root's. */
export const CLOUD = { account: '000000000000', region: 'eu-west-2', user: 'test' } as const;

/** A running emulator behind its proxy. */
export interface Emulator {
  /** Where everybody sends requests: the proxy. */
  readonly url: string;
  /** The emulator itself, without TLS in between. */
  readonly plainUrl: string;
  readonly logFile: string;
  stop(): Promise<void>;
}

/** What clients, cdk and Lambdas need in their environment to work against an address. */
export function cloudEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: CLOUD.user,
    AWS_SECRET_ACCESS_KEY: CLOUD.user,
    AWS_REGION: CLOUD.region,
    AWS_DEFAULT_REGION: CLOUD.region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * Starts the emulator on a free port of this machine with its state in `folder`, and the proxy before it. It checks
 * signatures and policies (AUTH), and each Lambda gets its own role's credentials and the proxy's address.
 */
export async function startEmulator(python: string, folder: string): Promise<Emulator> {
  const port = await freePort();
  const proxy = await startProxy(port);
  const [tmp, s3, logFile] = [
    path.join(folder, 'tmp'),
    path.join(folder, 's3'),
    path.join(folder, 'emulator.log'),
  ];
  for (const made of [tmp, s3]) await mkdir(made, { recursive: true });
  const log = openSync(logFile, 'a');
  const { AWS_CA_BUNDLE: _, AWS_PROFILE: __, AWS_SESSION_TOKEN: ___, ...inherited } = process.env;
  const child = spawn(python, [path.join(ROOT, 'test/aws/emulator/launch.py')], {
    cwd: folder,
    stdio: ['ignore', log, log],
    detached: true,
    env: {
      ...inherited,
      ...cloudEnvironment(proxy.url),
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      AUTH: 'true',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      MINISTACK_REGION: CLOUD.region,
      STATE_DIR: path.join(folder, 'state'),
      S3_DATA_DIR: s3,
      TMPDIR: tmp,
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const stop = async (): Promise<void> => {
    await endGroup(child.pid, ended);
    await proxy.stop();
  };
  try {
    await untilHealthy(`http://127.0.0.1:${port}`, () => child.exitCode !== null, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: proxy.url, plainUrl: `http://127.0.0.1:${port}`, logFile, stop };
}

async function untilHealthy(url: string, hasEnded: () => boolean, logFile: string): Promise<void> {
  const until = Date.now() + 180_000;
  while (Date.now() < until && !hasEnded()) {
    const answer = await fetch(`${url}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The emulator did not start; see ${logFile}`);
}
