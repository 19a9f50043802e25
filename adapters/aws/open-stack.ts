import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import { ConfigError, messageOf } from '../../etl/errors.ts';
import { failureOf, inAws } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

const text = z.string().min(1);

/** What a deployed stack says of itself, as far as a person at a terminal needs it. */
const Outputs = z.object({
  BronzeBucket: text,
  SilverBucket: text,
  GoldBucket: text,
  QuarantineBucket: text,
  OpsBucket: text,
  DatabasePrefix: text,
  /** Absent in stacks of older releases, which protect nothing. */
  LandingBucket: text.optional(),
  VaultTable: text.optional(),
  VaultKeysTable: text.optional(),
  VaultWrappingKeys: text.optional(),
  /** Absent in stacks of older releases. */
  PoliciesTable: text.optional(),
  AlertsTopicArn: text,
  StateMachineArn: text,
  Workgroup: text,
  /** Absent in stacks of older releases. */
  OperatorsWorkgroup: text.optional(),
  StartRunFunction: text,
  /** Absent in stacks of older releases. */
  EraseFunction: text.optional(),
  /** Absent in stacks of older releases. */
  EventsSource: text.optional(),
  /** Absent where no lineage server is named. */
  LineageUrl: text.optional(),
  LineageNamespace: text.optional(),
  ContractsDigest: text,
});
export type StackOutputs = z.infer<typeof Outputs>;

/**
 * The outputs of a deployed stack, with the credentials and the region that the SDK finds. Throws ConfigError
 * `NO_REGION`, `NO_STACK`, or `STACK_OUTPUT` where one is missing, and those of `awsError`.
 */
export async function readStack(stackName: string): Promise<StackOutputs> {
  const found = await describe(stackName);
  const values = Object.fromEntries(
    found.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  const parsed = Outputs.safeParse(values);
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new ConfigError(
    'STACK_OUTPUT',
    `Stack ${stackName} has no output ${missing}: it is another stack than Assay's, or of an older release. Name the one that ends in its stage (Assay-staging), or deploy it again.`,
    { context: { stack: stackName, missing } },
  );
}

async function describe(stackName: string) {
  const client = new CloudFormationClient(CLIENT_CONFIG);
  const doing = {
    doing: `reading the outputs of stack ${stackName}`,
    needs: `cloudformation:DescribeStacks on ${stackName}`,
  };
  return await inAws(doing, async () => {
    try {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
      return Stacks?.[0]?.Outputs ?? [];
    } catch (error) {
      throw await explained(error, stackName, client);
    } finally {
      client.destroy();
    }
  });
}

async function explained(error: unknown, stackName: string, client: CloudFormationClient): Promise<unknown> {
  const message = messageOf(error);
  if (/region (is missing|not accepted)/i.test(message)) {
    return new ConfigError(
      'NO_REGION',
      'No AWS region is set: set AWS_REGION, or a region in your profile (aws configure).',
      { cause: error },
    );
  }
  if (failureOf(error).name !== 'ValidationError' || !/does not exist/i.test(message)) return error;
  const region = await client.config.region();
  return new ConfigError(
    'NO_STACK',
    `There is no stack ${stackName} in region ${region}: name another with --stack or $ASSAY_STACK, set AWS_REGION, or deploy it (docs/deploy.md).`,
    { context: { stack: stackName, region }, cause: error },
  );
}
