import path from 'node:path';
import { CLOUD, cloudEnvironment } from './emulator.ts';
import { run } from './processes.ts';
import { ROOT } from './python.ts';
import { type Outputs, readOutputs } from './session.ts';

/** What a deployment needs to know. */
export interface DeployOptions {
  readonly url: string;
  /** For cdk's assembly and outputs. */
  readonly folder: string;
  readonly log: (line: string) => void;
  /** Address of a lineage server. */
  readonly lineageUrl: string;
  /** The folder of the contracts, with their SQL in sql/gold beside it. */
  readonly contractsDir: string;
  readonly signal: AbortSignal;
}

const CDK = path.join(ROOT, 'node_modules/aws-cdk/bin/cdk');
/** Files of more than a MiB are cut, and workers write Silver anew, so that small files show what large ones go through. */
const CONTEXT = ['stage=staging', 'emulator=true', 'slack=true', 'chunkMb=1', 'rewriting=workers'];

/** Bootstraps the account with the pinned cdk, as docs/deploy.md says; from where no app is, which would be synthesised for nothing. */
export function bootstrap(options: DeployOptions): Promise<void> {
  return cdk(['bootstrap', `aws://${CLOUD.account}/${CLOUD.region}`], options, options.folder);
}

/** Deploys every stack and returns their outputs. */
export async function deploy(options: DeployOptions): Promise<Outputs> {
  const outputsFile = path.join(options.folder, 'outputs.json');
  await cdk(['deploy', '--all', '--require-approval', 'never', '--outputs-file', outputsFile], options);
  return readOutputs(outputsFile);
}

function cdk(
  args: readonly string[],
  { url, folder, lineageUrl, contractsDir, log, signal }: DeployOptions,
  cwd = ROOT,
): Promise<void> {
  const { AWS_CA_BUNDLE: _, AWS_PROFILE: __, AWS_SESSION_TOKEN: ___, ...inherited } = process.env;
  const env = {
    ...inherited,
    ...cloudEnvironment(url),
    ASSAY_CONTRACTS: contractsDir,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const output = ['--output', path.join(folder, 'cdk.out'), '--no-notices', '--progress', 'events'];
  const context = [...CONTEXT, `openLineageUrl=${lineageUrl}`].flatMap((one) => ['-c', one]);
  return run(process.execPath, [CDK, ...args, ...context, ...output], { cwd, env, log, signal });
}
