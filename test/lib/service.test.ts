import { describe, expect, test } from '@jest/globals';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { decisionKey } from '../../etl/naming/decisions.ts';
import { erasureKey, forgetEndKey, forgetRequestKey, revealKey } from '../../etl/naming/privacy.ts';
import { chunkKey, heldKey, leaseKey, planKey, runRecordKey, sealKey } from '../../etl/naming/runs.ts';
import { pointerKey, runRoot } from '../../etl/naming/tables.ts';
import { bucketOf } from '../../lib/config/names.ts';
import { matches, statementsOfFunction, textOf } from './support/policies.ts';
import { readContracts, type Synthesised, synthesise } from './support/synthesise.ts';

/** The console and the API as they are deployed. */

const DATASET = 'spend.council_payments';
const RUN = '20240501T120003417Z-9b6e0d20';
const OIDC = { oidcIssuer: 'https://login.example.org/realms/data', oidcAudience: 'assay' };
const contracts = await readContracts();
const made = synthesise(contracts);
const withIssuer = synthesise(contracts, { ...OIDC, oidcRolesClaim: 'realm_access.roles' });

const all = ({ platform }: Synthesised, type: string): Record<string, unknown>[] =>
  Object.values(platform.findResources(type)).map(({ Properties }) => Properties);
const environmentOf = (of: Synthesised): Record<string, string> => {
  const functions = all(of, 'AWS::Lambda::Function');
  const found = functions.find(({ FunctionName }) => FunctionName === 'assay-staging-service') ?? {};
  const { Variables } = found.Environment as { Variables: Record<string, unknown> };
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, textOf(value)]));
};

describe('the gateway', () => {
  test('hands every request to the service, which itself looks who asks', () => {
    expect(all(made, 'AWS::ApiGatewayV2::Route')).toEqual([
      expect.objectContaining({ RouteKey: '$default', AuthorizationType: 'NONE' }),
    ]);
    expect(all(made, 'AWS::ApiGatewayV2::Authorizer')).toEqual([]);
    expect(all(made, 'AWS::ApiGatewayV2::Integration')).toMatchObject([{ PayloadFormatVersion: '2.0' }]);
  });

  test('limits what everybody together asks, and logs no query, where a sign-in has its code', () => {
    const [stage = {}] = all(made, 'AWS::ApiGatewayV2::Stage');
    expect(stage).toMatchObject({
      DefaultRouteSettings: { ThrottlingBurstLimit: 200, ThrottlingRateLimit: 100 },
    });
    const { Format } = stage.AccessLogSettings as { Format: string };
    const said = [...Format.matchAll(/\$context\.([\w.]+)/g)].map(([, name]) => name);
    expect(said).toContain('path');
    expect(said.filter((name) => /query|header|authoriz/i.test(name ?? ''))).toEqual([]);
  });

  test('forgets sessions by itself', () => {
    expect(all(made, 'AWS::DynamoDB::Table')).toMatchObject([
      {
        TimeToLiveSpecification: { AttributeName: 'endsAt', Enabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    ]);
  });
});

describe('people', () => {
  test('are in a user pool that nobody joins by themselves, with a group a role', () => {
    expect(all(made, 'AWS::Cognito::UserPool')).toMatchObject([
      {
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        Policies: { PasswordPolicy: { MinimumLength: 14 } },
      },
    ]);
    // Written down once more by hand, in the order of the design.
    expect(
      all(made, 'AWS::Cognito::UserPoolGroup')
        .map(({ GroupName }) => GroupName)
        .sort(),
    ).toEqual(['viewer', 'analyst', 'finance', 'operator', 'steward', 'privacy', 'auditor', 'admin'].sort());
  });

  test('come back to the service alone, with a code that only PKCE redeems', () => {
    const [client = {}] = all(made, 'AWS::Cognito::UserPoolClient');
    expect(client).toMatchObject({ AllowedOAuthFlows: ['code'], GenerateSecret: false });
    expect((client.CallbackURLs as unknown[]).map(textOf)).toEqual([
      expect.stringMatching(/^<ServiceHttpApi\w*>\/sign-in\/callback$/),
    ]);
    const env = environmentOf(made);
    expect(env.ASSAY_OIDC_ISSUER).toMatch(/^https:\/\/cognito-idp\.eu-west-1\.amazonaws\.com\/<\w+>$/);
    expect(env.ASSAY_OIDC_AUDIENCE).toBe(env.ASSAY_OIDC_CLIENT_ID);
    expect(env).toMatchObject({ ASSAY_OIDC_ROLES_CLAIM: 'cognito:groups', ASSAY_SESSION_HOURS: '12' });
  });

  test('are known by another issuer where one is named, and there is no pool', () => {
    expect(all(withIssuer, 'AWS::Cognito::UserPool')).toEqual([]);
    expect(environmentOf(withIssuer)).toMatchObject({
      ASSAY_OIDC_ISSUER: OIDC.oidcIssuer,
      ASSAY_OIDC_AUDIENCE: 'assay',
      ASSAY_OIDC_CLIENT_ID: 'assay',
      ASSAY_OIDC_ROLES_CLAIM: 'realm_access.roles',
      ASSAY_OIDC_NAME_CLAIMS: 'sub',
    });
    expect(Object.keys(withIssuer.platform.toJSON().Outputs)).not.toContain('UserPoolId');
  });

  test.each([
    [{ oidcAudience: 'assay' }, /name it by -c oidcIssuer/],
    [{ oidcIssuer: OIDC.oidcIssuer }, /oidcAudience is missing/],
    [{ ...OIDC, oidcIssuer: 'http://login.example.org' }, /write the https address/],
    [{ serviceUrl: 'http://assay.example.org' }, /write an https address/],
    [{ serviceUrl: 'https://assay.example.org/console' }, /without a path/],
    [{ sessionHours: '0' }, /at least 1/],
  ])('%j is refused in words', (context, message) => {
    expect(() => synthesise(contracts, context)).toThrow(message);
  });
});

describe('the service', () => {
  const objectArn = (key: string): string =>
    `arn:aws:s3:::assay-staging-${bucketOf(key)}-111122223333-eu-west-1/${key}`;
  const may = (action: string, resource: string): boolean =>
    matches(statementsOfFunction(made.platform, 'assay-staging-service'), 'Allow', { action, resource });
  const silverData = `${runRoot('silver', DATASET, '1.0.0', RUN)}/year=2024/month=05/part-0001.parquet`;

  test.each([
    decisionKey(DATASET, RUN),
    heldKey(DATASET, RUN),
    runRecordKey(DATASET, RUN),
    pointerKey('silver', DATASET),
    bronzeKey(DATASET, '2024-05-01', 'a.csv'),
  ])('writes %s, as the commands of people do', (key) => {
    expect(may('s3:PutObject', objectArn(key))).toBe(true);
  });

  test.each([
    silverData,
    sealKey(DATASET, '1.0.0', RUN),
    leaseKey(DATASET),
    planKey(DATASET, RUN),
    chunkKey(DATASET, RUN, '0001'),
    'ops/migrations/spend/council_payments/1.json',
  ])('only reads %s, which is the workflow’s', (key) => {
    expect([may('s3:GetObject', objectArn(key)), may('s3:PutObject', objectArn(key))]).toEqual([true, false]);
  });

  test('removes nothing that people decided, sources sent or readers read', () => {
    for (const key of [
      decisionKey(DATASET, RUN),
      pointerKey('silver', DATASET),
      silverData,
      runRecordKey(DATASET, RUN),
    ])
      expect(may('s3:DeleteObject', objectArn(key))).toBe(false);
    expect(may('s3:DeleteObject', objectArn(bronzeKey(DATASET, '2024-05-01', 'a.csv')))).toBe(false);
  });

  test('asks in its own workgroup, whose results analysts and operators can’t read', () => {
    const workgroup = (name: string): string =>
      `arn:aws:athena:eu-west-1:111122223333:workgroup/assay-staging-${name}`;
    expect(may('athena:StartQueryExecution', workgroup('service'))).toBe(true);
    expect(may('athena:StartQueryExecution', workgroup('operators'))).toBe(false);
    const result = 'arn:aws:s3:::assay-staging-artifacts-111122223333-eu-west-1/athena-results/service/x.csv';
    expect(may('s3:GetObject', result)).toBe(true);
    // Those without a name are of roles.
    const people = Object.values(made.platform.findResources('AWS::IAM::ManagedPolicy')).filter(
      ({ Properties }) => Properties.ManagedPolicyName !== undefined,
    );
    expect(people.length).toBeGreaterThan(4);
    for (const { Properties } of people)
      expect(
        matches(Properties.PolicyDocument.Statement, 'Allow', { action: 's3:GetObject', resource: result }),
      ).toBe(false);
  });

  test('takes what was sent to it in the landing bucket, and hands on to protect what it can’t read any more then', () => {
    const landing = 'arn:aws:s3:::assay-staging-landing-111122223333-eu-west-1';
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'])
      expect(may(action, `${landing}/service-uploads/some-id`)).toBe(true);
    const dropped = `${landing}/shop/customers/some-id/june.csv`;
    expect(may('s3:PutObject', dropped)).toBe(true);
    for (const action of ['s3:GetObject', 's3:DeleteObject']) expect(may(action, dropped)).toBe(false);
  });

  test('reveals, hands out and forgets for people: it has the vault, and writes what is kept of that', () => {
    const env = environmentOf(made);
    expect(env.ASSAY_VAULT_TABLE).toBeDefined();
    for (const key of [revealKey('r'), erasureKey('e'), forgetRequestKey('f'), forgetEndKey('f')])
      expect(may('s3:PutObject', objectArn(key))).toBe(true);
    expect(may('s3:DeleteObject', objectArn(forgetRequestKey('f')))).toBe(true);
    for (const key of [revealKey('r'), erasureKey('e'), forgetEndKey('f')])
      expect(may('s3:DeleteObject', objectArn(key))).toBe(false);
  });

  test('reads policies and writes the next, and removes none', () => {
    expect(environmentOf(made).ASSAY_POLICIES_TABLE).toBe('assay-staging-policies');
    const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/assay-staging-policies';
    for (const action of ['GetItem', 'Query', 'PutItem']) expect(may(`dynamodb:${action}`, table)).toBe(true);
    for (const action of ['DeleteItem', 'UpdateItem', 'Scan'])
      expect(may(`dynamodb:${action}`, table)).toBe(false);
  });

  test('reaches no secret but the key of digests and no user pool, and changes no function', () => {
    const actions = statementsOfFunction(made.platform, 'assay-staging-service').flatMap(
      ({ Action }) => Action,
    );
    expect(
      actions.filter((one) =>
        /^(secretsmanager|cognito|iam|sts|lambda:(?!InvokeFunction))/.test(String(one)),
      ),
    ).toEqual(['secretsmanager:GetSecretValue']);
    const mayRead = (name: string): boolean =>
      may(
        'secretsmanager:GetSecretValue',
        `arn:aws:secretsmanager:eu-west-1:111122223333:secret:assay/staging/${name}-AbCdEf`,
      );
    // A stream whose code fails is named by its digest.
    expect(['digest-key', 'slack-webhook', 'openlineage-key'].filter(mayRead)).toEqual(['digest-key']);
    expect(
      may('lambda:InvokeFunction', 'arn:aws:lambda:eu-west-1:111122223333:function:assay-staging-start-run'),
    ).toBe(true);
    expect(
      may('lambda:InvokeFunction', 'arn:aws:lambda:eu-west-1:111122223333:function:assay-staging-promote'),
    ).toBe(false);
  });
});
