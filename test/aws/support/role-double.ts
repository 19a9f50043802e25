import { randomUUID } from 'node:crypto';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { CLOUD } from './emulator.ts';

/** S3 with exactly what a role may do: a user with copies of all its policies, as only Lambda may take the role itself. */
export async function doubleOf(roleName: string, endpoint: string): Promise<S3Client> {
  const iam = new IAMClient();
  const UserName = await newUser(`double-of-${roleName}`);
  const copy = (PolicyName: string, document: string) =>
    iam.send(
      new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument: decodeURIComponent(document) }),
    );
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName }));
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument = '' } = await iam.send(
      new GetRolePolicyCommand({ RoleName: roleName, PolicyName }),
    );
    await copy(PolicyName, PolicyDocument);
  }
  const { AttachedPolicies = [] } = await iam.send(
    new ListAttachedRolePoliciesCommand({ RoleName: roleName }),
  );
  for (const { PolicyArn = '', PolicyName = '' } of AttachedPolicies) {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
    const VersionId = Policy?.DefaultVersionId ?? 'v1';
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
    await copy(PolicyName, PolicyVersion?.Document ?? '');
  }
  return s3Of(UserName, endpoint);
}

/** S3 with exactly what a managed policy of this account allows: a user to whom it alone is attached. */
export async function holderOf(policyName: string, endpoint: string): Promise<S3Client> {
  const UserName = await newUser(`holder-of-${policyName}`);
  const PolicyArn = `arn:aws:iam::${CLOUD.account}:policy/${policyName}`;
  await new IAMClient().send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  return s3Of(UserName, endpoint);
}

async function newUser(name: string): Promise<string> {
  const UserName = `${name.slice(0, 50)}-${randomUUID().slice(0, 8)}`;
  await new IAMClient().send(new CreateUserCommand({ UserName }));
  return UserName;
}

async function s3Of(UserName: string, endpoint: string): Promise<S3Client> {
  const { AccessKey } = await new IAMClient().send(new CreateAccessKeyCommand({ UserName }));
  return new S3Client({
    endpoint,
    region: CLOUD.region,
    forcePathStyle: true,
    credentials: {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    },
  });
}
