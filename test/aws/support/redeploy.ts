import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { LambdaClient, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { fileContractSource } from '../../../adapters/local/contract-source.ts';
import { contractsDigest } from '../../../etl/contract/contracts-digest.ts';
import { run } from './processes.ts';
import { ROOT } from './python.ts';
import type { Session } from './session.ts';
import { until } from './until.ts';

/** Contracts, Gold SQL and the code of projections, as `contracts/`, `sql/gold/` and `projections/` in a folder. */
export interface Deployed {
  readonly contractsDir: string;
  readonly sqlDir: string;
  readonly projectionsDir: string;
}

const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});
const FunctionProperties = z.looseObject({
  FunctionName: z.string(),
  Code: z.looseObject({ S3Key: z.string() }),
});

/**
 * Deploys other contracts, as a deployment of another commit would: every function that has contracts gets its own code with
 * these, and a stack of that name says what the platform's own says, with their digest.
 */
export async function deployContracts(
  session: Session,
  stackName: string,
  deployed: Deployed,
): Promise<void> {
  const cdkOut = path.join(session.folder, 'cdk.out');
  const text = await readFile(path.join(cdkOut, 'Assay-staging.template.json'), 'utf8');
  const functions = Object.values(Template.parse(JSON.parse(text)).Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .flatMap(({ Properties }) => FunctionProperties.safeParse(Properties).data ?? [])
    .filter(({ FunctionName }) => !FunctionName.endsWith('relay-alert'));
  for (const { FunctionName, Code } of functions) {
    const asset = path.join(cdkOut, `asset.${Code.S3Key.replace(/\.zip$/, '')}`);
    await updateFunction(session, FunctionName, { asset, deployed });
  }
  await sayDigest(stackName, await contractsDigest(fileContractSource(deployed)));
}

async function updateFunction(
  { python }: Session,
  FunctionName: string,
  { asset, deployed }: { readonly asset: string; readonly deployed: Deployed },
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'assay-code-'));
  try {
    const code = path.join(folder, 'code');
    await cp(asset, code, { recursive: true });
    for (const name of ['contracts', 'sql', 'projections'])
      await rm(path.join(code, name), { recursive: true, force: true });
    await cp(deployed.contractsDir, path.join(code, 'contracts'), { recursive: true });
    await cp(deployed.sqlDir, path.join(code, 'sql/gold'), { recursive: true });
    await cp(deployed.projectionsDir, path.join(code, 'projections'), { recursive: true });
    const zip = path.join(folder, 'code.zip');
    await run(python, ['-m', 'zipfile', '-c', zip, `${code}/.`], { log: () => undefined });
    const lambda = new LambdaClient();
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: await readFile(zip) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** CloudFormation can't change an output alone: another stack has the same ones, and that. */
async function sayDigest(StackName: string, digest: string): Promise<void> {
  const cloud = new CloudFormationClient();
  const { Stacks } = await cloud.send(new DescribeStacksCommand({ StackName: 'Assay-staging' }));
  const outputs = (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
    OutputKey,
    { Value: OutputKey === 'ContractsDigest' ? digest : OutputValue },
  ]);
  const TemplateBody = JSON.stringify({
    Resources: { Mark: { Type: 'AWS::SNS::Topic', Properties: { TopicName: StackName } } },
    Outputs: Object.fromEntries(outputs),
  });
  await cloud.send(new CreateStackCommand({ StackName, TemplateBody }));
  await until(`stack ${StackName}`, async () => {
    const found = await cloud.send(new DescribeStacksCommand({ StackName }));
    return found.Stacks?.[0]?.StackStatus === 'CREATE_COMPLETE';
  });
}

/** A folder with what the repository and some other folders have of contracts, SQL and projections, which `remove` takes away again. */
export async function contractsWith(...folders: string[]): Promise<Deployed & { remove(): Promise<void> }> {
  const all = await mkdtemp(path.join(tmpdir(), 'assay-contracts-'));
  for (const name of ['contracts', 'sql/gold', 'projections']) {
    await mkdir(path.join(all, name), { recursive: true });
    for (const from of [ROOT, ...folders])
      await cp(path.join(from, name), path.join(all, name), { recursive: true }).catch(unlessMissing);
  }
  const at = (name: string): string => path.join(all, name);
  return {
    contractsDir: at('contracts'),
    sqlDir: at('sql/gold'),
    projectionsDir: at('projections'),
    remove: () => rm(all, { recursive: true, force: true }),
  };
}

/** Not every folder has SQL or projections. */
function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
