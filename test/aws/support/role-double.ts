import {
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
  const UserName = `double-of-${roleName}`.slice(0, 60);
  await iam.send(new CreateUserCommand({ UserName }));
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
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
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
