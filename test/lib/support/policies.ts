import type { Template } from 'aws-cdk-lib/assertions';

/** A request as policies see it. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request carries. */
  readonly context?: Readonly<Record<string, string>>;
}

interface Statement {
  readonly Effect: string;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': '111122223333',
  'AWS::Region': 'eu-west-1',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** A value of a template as text: pseudo parameters as a fixed account's, other references as `<LogicalId>`. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') {
    return value.replace(/\$\{(AWS::\w+)\}/g, (place, name: string) => PSEUDO[name] ?? place);
  }
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return PSEUDO[String(value.Ref)] ?? `<${String(value.Ref)}>`;
  if ('Fn::Join' in value) {
    const [delimiter, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(textOf).join(delimiter);
  }
  if ('Fn::GetAtt' in value) return `<${(value['Fn::GetAtt'] as string[])[0]}>`;
  if ('Fn::ImportValue' in value) return `<${textOf(value['Fn::ImportValue'])}>`;
  return JSON.stringify(value);
}

const listOf = (value: unknown): string[] =>
  value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(textOf);

/** The statements of the role that a function runs as. */
export function statementsOfFunction(template: Template, functionName: string): Statement[] {
  const functions = Object.values(template.findResources('AWS::Lambda::Function'));
  const found = functions.find(({ Properties }) => textOf(Properties.FunctionName) === functionName);
  if (found === undefined) throw new Error(`${functionName} is not in the template.`);
  return statementsOfRole(template, textOf(found.Properties.Role).slice(1, -1));
}

/** The statements of a role by its logical id; of one with many rights, CDK puts the last of them in a policy of its own. */
export function statementsOfRole(template: Template, roleId: string): Statement[] {
  const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'];
  return policies
    .flatMap((type) => Object.values(template.findResources(type)))
    .filter(({ Properties }) => listOf(Properties.Roles).includes(`<${roleId}>`))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

/** The statements of a bucket's policy. */
export function statementsOfBucket(template: Template, bucketName: string): Statement[] {
  const buckets = Object.entries(template.findResources('AWS::S3::Bucket'));
  const [id] = buckets.find(([, { Properties }]) => textOf(Properties.BucketName) === bucketName) ?? [];
  return Object.values(template.findResources('AWS::S3::BucketPolicy'))
    .filter(({ Properties }) => textOf(Properties.Bucket) === `<${id}>`)
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}

/** Whether some statement of an effect is about the request and its conditions hold. */
export function matches(
  statements: readonly Statement[],
  effect: 'Allow' | 'Deny',
  request: Request,
): boolean {
  return statements.some(
    (statement) =>
      statement.Effect === effect &&
      listOf(statement.Action).some((pattern) => isLike(request.action, pattern)) &&
      listOf(statement.Resource).some((pattern) => isLike(request.resource, pattern)) &&
      holds(statement.Condition, request.context ?? {}),
  );
}

function isLike(text: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`).test(text);
}

/** Every operator and every key of a Condition must hold; an operator that isn't known here fails the test. */
function holds(condition: Statement['Condition'], context: Readonly<Record<string, string>>): boolean {
  return Object.entries(condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const given = context[key];
      const values = listOf(wanted);
      if (operator === 'Null') return (given === undefined) === (values[0] === 'true');
      if (operator === 'Bool') return given === values[0];
      if (operator === 'StringEquals') return given !== undefined && values.includes(given);
      if (operator === 'StringEqualsIfExists') return given === undefined || values.includes(given);
      if (operator === 'StringLike')
        return given !== undefined && values.some((pattern) => isLike(given, pattern));
      if (operator === 'ArnNotEquals') return given === undefined || !values.includes(given);
      if (operator === 'NumericLessThan') return given !== undefined && Number(given) < Number(values[0]);
      throw new Error(`The operator ${operator} is not known.`);
    }),
  );
}
