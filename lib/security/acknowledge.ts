import { Stack, Validations } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** Accepts a finding of cdk-nag on a construct and those below it, with the reason. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** Why a policy may name a pattern instead of one resource, by what its ARN begins with behind `arn:<partition>:`. */
const PATTERN_REASONS: Readonly<Record<string, string>> = {
  s3: 'A pattern of keys: datasets and runs come and go, so the policy names the one kind of object in the layer and leaves open of which dataset and run.',
  glue: 'Any table of one layer: promote makes the table of a dataset when it is first published, so no table can be named before.',
  kms: 'Any key, but only one that has the alias of the lake: the condition names it where the ARN, made by AWS, can not.',
  cloudformation: 'AWS puts an id of its own behind the name of the stack, which is named in full.',
  states:
    "Any execution of this one state machine: an execution's name is its run, which isn't known before it starts.",
};

/** Why a policy may name `*`. */
export const NO_RESOURCE =
  'The action takes no resource: X-Ray takes traces, and CloudWatch Logs vended deliveries, only for `*`.';

/** Accepts the patterns that a policy's statements name, one by one, so that a pattern added elsewhere is still found. */
export function acknowledgePatterns(construct: IConstruct, statements: readonly PolicyStatement[]): void {
  const resources = new Set(statements.flatMap((statement) => statement.resources));
  for (const resource of resources) {
    const name = flatten(Stack.of(construct).resolve(resource));
    if (!name.includes('*')) continue;
    const service = /^arn:<AWS::Partition>:([a-z0-9]+):/.exec(name)?.[1] ?? '';
    const reason = name === '*' ? NO_RESOURCE : PATTERN_REASONS[service];
    if (reason === undefined) throw new Error(`There is no reason why a policy should name ${name}.`);
    acknowledge(construct, `AwsSolutions-IAM5[Resource::${name}]`, reason);
  }
}

/** A resolved text as cdk-nag names it: references in angle brackets. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if ('Ref' in value) return `<${String(value.Ref)}>`;
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [delimiter, parts] = value['Fn::Join'];
    return Array.isArray(parts) ? parts.map(flatten).join(String(delimiter)) : '';
  }
  return JSON.stringify(value);
}
