import { randomUUID } from 'node:crypto';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CLOUD } from './emulator.ts';

/**
 * Makes a user with some of the deployed policies for people, and returns the environment that makes a process hers. She may
 * also find a stack of another name, where one is given.
 */
export async function person(
  name: string,
  policies: readonly (
    | 'analyst'
    | 'operator'
    | 'operator-query'
    | 'event-policies'
    | 'caretaker'
    | 'privacy'
    | `reveal-${string}`
    | 'source'
  )[],
  stackName?: string,
): Promise<Record<string, string>> {
  const iam = new IAMClient();
  const UserName = `${name}-${randomUUID()}`;
  await iam.send(new CreateUserCommand({ UserName }));
  for (const policy of policies) {
    const PolicyArn = `arn:aws:iam::${CLOUD.account}:policy/assay-staging-${policy}`;
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  }
  if (stackName !== undefined) {
    const Resource = `arn:aws:cloudformation:${CLOUD.region}:${CLOUD.account}:stack/${stackName}/*`;
    const Statement = [{ Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'find-stack', PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return {
    AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '',
  };
}
