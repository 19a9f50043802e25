import { randomUUID } from 'node:crypto';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { CLOUD } from './emulator.ts';

/** Makes a user with some of the deployed policies for people, and returns the environment that makes a process hers. */
export async function person(
  name: string,
  policies: readonly ('analyst' | 'operator' | 'operator-query' | 'caretaker' | 'source')[],
): Promise<Record<string, string>> {
  const iam = new IAMClient();
  const UserName = `${name}-${randomUUID()}`;
  await iam.send(new CreateUserCommand({ UserName }));
  for (const policy of policies) {
    const PolicyArn = `arn:aws:iam::${CLOUD.account}:policy/assay-staging-${policy}`;
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return {
    AWS_ACCESS_KEY_ID: AccessKey?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: AccessKey?.SecretAccessKey ?? '',
  };
}
