import { beforeAll, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { readContracts, synthesise } from './support/synthesise.ts';

/** What AWS's services may do with our topics, keys, queues, buckets and functions: on this account's behalf alone. */

interface Grant {
  readonly type: string;
  readonly service: string;
  readonly isOurs: boolean;
}

let grants: Grant[];
beforeAll(async () => {
  const context = { stage: 'production', email: 'a@example.org', slack: 'true', repository: 'example/assay' };
  const { lake, platform, delivery } = synthesise(await readContracts(), context);
  grants = [lake, platform, delivery].flatMap((template) =>
    template === undefined ? [] : grantsOf(template),
  );
});

/** The statements of every resource's policy; who may take on a role is said by its trust policy, and is no resource's. */
function grantsOf(template: Template): Grant[] {
  const resources = Object.values(template.toJSON().Resources as Record<string, Resource>);
  return resources
    .filter(({ Type }) => Type !== 'AWS::IAM::Role')
    .flatMap(({ Type, Properties = {} }) =>
      Type === 'AWS::Lambda::Permission'
        ? [grantOf(Type, String(Properties.Principal), Properties)]
        : statementsIn(Properties).flatMap(({ Principal, Condition }) =>
            [Principal?.Service ?? []]
              .flat()
              .map((service) => grantOf(Type, service, Object.assign({}, ...Object.values(Condition ?? {})))),
          ),
    );
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
interface Statement {
  readonly Effect: string;
  readonly Principal?: { readonly Service?: string | string[] };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function statementsIn(part: unknown): Statement[] {
  if (part === null || typeof part !== 'object') return [];
  const inner = Object.values(part).flatMap(statementsIn);
  return 'Effect' in part && part.Effect === 'Allow' ? [part as Statement, ...inner] : inner;
}

function grantOf(type: string, service: string, keys: Readonly<Record<string, unknown>>): Grant {
  const names = Object.keys(keys).map((key) => key.toLowerCase().replace('aws:', ''));
  return { type, service, isOurs: names.includes('sourceaccount') || names.includes('sourcearn') };
}

test('a service acts on behalf of this account alone, but for EventBridge, which does not say for whom', () => {
  expect(grants.length).toBeGreaterThan(10);
  const others = grants.filter(({ isOurs }) => !isOurs).map(({ type, service }) => `${service} ${type}`);
  expect([...new Set(others)].sort()).toEqual([
    'events.amazonaws.com AWS::KMS::Key',
    'events.amazonaws.com AWS::SNS::TopicPolicy',
  ]);
});

test.each(['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'])(
  '%s may publish, and use the key for it',
  (service) => {
    const types = grants.filter((grant) => grant.service === service).map(({ type }) => type);
    expect([...new Set(types)].sort()).toEqual(['AWS::KMS::Key', 'AWS::SNS::TopicPolicy']);
  },
);
