import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CfnResource, Validations } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Contract } from '../../etl/contract/contract.ts';
import { readEnvironment, type VariableName } from '../../lambdas/environment.ts';
import { EMULATOR_GAPS } from '../../lib/config/emulator-gaps.ts';
import { sensitiveBuckets } from '../../lib/lake/sensitive-buckets.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../lib/workflow/access/functions-access.ts';
import { SIZES } from '../../lib/workflow/sizes.ts';
import { matches, statementsOfBucket, textOf } from './support/policies.ts';
import { readContracts, type Synthesised, synthesise } from './support/synthesise.ts';

let contracts: Contract[];
let staging: Synthesised;
let production: Synthesised;
beforeAll(async () => {
  contracts = await readContracts();
  staging = synthesise(contracts, { email: 'data@example.org', slack: 'true', emulator: 'true' });
  production = synthesise(contracts, {
    stage: 'production',
    email: 'data@example.org',
    slack: 'true',
    openLineageUrl: 'https://lineage.example.org',
    repository: 'example/assay',
  });
});

/** Without the landing bucket, which keeps nothing. */
const BUCKETS = ['bronze', 'silver', 'gold', 'quarantine', 'ops', 'artifacts', 'trail'];
const bucketName = (bucket: string): string => `assay-production-${bucket}-111122223333-eu-west-1`;

// biome-ignore lint/suspicious/noExplicitAny: a template's resources have the shapes of CloudFormation
type Properties = Record<string, any>;
const all = (template: Template, type: string): Properties[] =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties as Properties);

/** The states of the workflow as they are deployed. */
function statesOf(template: Template): Properties {
  return JSON.parse(textOf(all(template, 'AWS::StepFunctions::StateMachine')[0]?.DefinitionString)).States;
}

function functionOf(template: Template, name: string): Properties {
  const found = all(template, 'AWS::Lambda::Function').find(({ FunctionName }) =>
    textOf(FunctionName).endsWith(`-${name}`),
  );
  if (found === undefined) throw new Error(`no function ${name}`);
  return found;
}

function bucket(name: string): Properties {
  const found = all(production.lake, 'AWS::S3::Bucket').find(
    ({ BucketName }) => textOf(BucketName) === bucketName(name),
  );
  if (found === undefined) throw new Error(`no bucket ${name}`);
  return found;
}

function denies(name: string, action: string, key: string, context: Record<string, string> = {}): boolean {
  return matches(statementsOfBucket(production.lake, bucketName(name)), 'Deny', {
    action,
    resource: `<${bucketId(name)}>/${key}`,
    context: { 'aws:SecureTransport': 'true', 's3:TlsVersion': '1.3', ...context },
  });
}

function bucketId(name: string): string {
  const entries = Object.entries(production.lake.findResources('AWS::S3::Bucket'));
  return entries.find(([, one]) => textOf(one.Properties.BucketName) === bucketName(name))?.[0] ?? '';
}

describe('buckets', () => {
  test.each(BUCKETS)('%s is versioned', (name) => {
    expect(bucket(name).VersioningConfiguration).toEqual({ Status: 'Enabled' });
  });

  test.each([...BUCKETS, 'landing'])('%s is closed to the public, and answers over TLS only', (name) => {
    expect(Object.values(bucket(name).PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(denies(name, 's3:GetObject', 'any', { 'aws:SecureTransport': 'false' })).toBe(true);
    expect(denies(name, 's3:GetObject', 'any', { 's3:TlsVersion': '1.1' })).toBe(true);
    expect(denies(name, 's3:GetObject', 'any')).toBe(false);
  });

  test('personal data is encrypted with a key that rotates, other data with S3’s own', () => {
    production.lake.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    const algorithm = (one: Properties): string =>
      one.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm;
    for (const name of BUCKETS) {
      expect(algorithm(bucket(name))).toBe(name === 'trail' ? 'AES256' : 'aws:kms');
    }
    const harmless = contracts.map((contract) => ({
      ...contract,
      columns: contract.columns.map((column) => ({ ...column, classification: 'public' as const })),
    }));
    expect(sensitiveBuckets(harmless)).toEqual(new Set());
    const gold = contracts.filter(({ dataset }) => dataset === 'finance.account_balances');
    expect(sensitiveBuckets(gold)).toEqual(new Set(['gold', 'artifacts']));
  });

  test('Bronze is write-once: no overwriting and no deleting, whoever asks', () => {
    const creates = { 's3:ObjectCreationOperation': 'true' };
    expect(denies('bronze', 's3:PutObject', 'bronze/a', creates)).toBe(true);
    expect(denies('bronze', 's3:PutObject', 'bronze/a', { ...creates, 's3:if-none-match': '*' })).toBe(false);
    expect(denies('bronze', 's3:PutObject', 'bronze/a', { 's3:ObjectCreationOperation': 'false' })).toBe(
      false,
    );
    for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion']) {
      expect(denies('bronze', action, 'bronze/a')).toBe(true);
    }
  });

  test('the role of the function that erases what was adopted may delete from Bronze', () => {
    const context = {
      'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/assay-staging-eraser',
      'aws:SecureTransport': 'true',
      's3:TlsVersion': '1.3',
    };
    const statements = statementsOfBucket(staging.lake, 'assay-staging-bronze-111122223333-eu-west-1');
    expect(
      matches(statements, 'Deny', { action: 's3:DeleteObjectVersion', resource: '<any>/bronze/a', context }),
    ).toBe(false);
    const roles = Object.values(staging.platform.findResources('AWS::IAM::Role'));
    const named = roles.filter(({ Properties }) => Properties.RoleName === 'assay-staging-eraser');
    expect(named.map(({ Properties }) => Properties.Description)).toEqual([
      'Assay staging: what erase may do',
    ]);
  });

  test('with a break-glass role, that role alone may delete from Bronze beside it', () => {
    const role = 'arn:aws:iam::111122223333:role/break-glass';
    const { lake } = synthesise(contracts, { stage: 'production', breakGlassRoleArn: role });
    const request = (principal: string) => ({
      action: 's3:DeleteObject',
      resource: `<${bucketId('bronze')}>/bronze/a`,
      context: {
        'aws:PrincipalArn': principal,
        'aws:SecureTransport': 'true',
        's3:TlsVersion': '1.3',
      },
    });
    const statements = statementsOfBucket(lake, bucketName('bronze'));
    expect(matches(statements, 'Deny', request(role))).toBe(false);
    expect(matches(statements, 'Deny', request('arn:aws:iam::111122223333:role/admin'))).toBe(true);
  });

  test.each(['silver', 'gold'])('a pointer of %s is written under a condition only', (name) => {
    const creates = { 's3:ObjectCreationOperation': 'true' };
    const pointer = `${name}/spend/council_payments/_LATEST.json`;
    expect(denies(name, 's3:PutObject', pointer, creates)).toBe(true);
    expect(denies(name, 's3:PutObject', pointer, { ...creates, 's3:if-match': '"e"' })).toBe(false);
    expect(denies(name, 's3:PutObject', pointer, { ...creates, 's3:if-none-match': '*' })).toBe(false);
    expect(denies(name, 's3:PutObject', `${name}/a/b/metadata/v1.json`, creates)).toBe(false);
  });

  test('leases and decisions are written under a condition only', () => {
    const creates = { 's3:ObjectCreationOperation': 'true' };
    for (const kind of ['leases', 'decisions']) {
      const key = `ops/${kind}/spend/council_payments.json`;
      expect(denies('ops', 's3:PutObject', key, creates)).toBe(true);
      expect(denies('ops', 's3:PutObject', key, { ...creates, 's3:if-match': '"e"' })).toBe(false);
    }
    expect(denies('ops', 's3:PutObject', 'ops/runs/spend/council_payments/r.json', creates)).toBe(false);
  });

  test('each layer ages as it should', () => {
    const rules = (name: string): Properties[] => bucket(name).LifecycleConfiguration.Rules;
    for (const name of BUCKETS) {
      expect(rules(name)[0]).toMatchObject({
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      });
    }
    expect(rules('bronze')[1]).toMatchObject({ Transitions: [{ StorageClass: 'STANDARD_IA' }] });
    expect(rules('quarantine')[1]).toMatchObject({
      Prefix: 'condemned/',
      Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 5 * 365 }],
    });
    // Only a commit says which files of a table are still read.
    for (const name of ['bronze', 'silver', 'gold', 'quarantine'])
      expect(rules(name).map((rule) => rule.ExpirationInDays)).toEqual(rules(name).map(() => undefined));
    expect(rules('ops')[1]).toMatchObject({ Prefix: 'ops/staging/', ExpirationInDays: 180 });
    for (const name of ['silver', 'gold']) expect(rules(name)).toHaveLength(1);
  });

  test('production keeps what it holds when its stack is deleted', () => {
    const kept = ['AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret', 'AWS::Glue::Database'];
    for (const type of kept) {
      for (const one of Object.values(production.lake.findResources(type))) {
        expect([type, one.DeletionPolicy]).toEqual([type, 'Retain']);
      }
    }
  });
});

describe('workflow', () => {
  test('every placeholder of the definition is substituted, and none besides', () => {
    const text = readFileSync(new URL('../../state-machines/medallion.asl.json', import.meta.url), 'utf8');
    const placeholders = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    const [machine] = all(production.platform, 'AWS::StepFunctions::StateMachine');
    expect(Object.keys(machine?.DefinitionSubstitutions).sort()).toEqual([...placeholders].sort());
    expect(machine).toMatchObject({
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: true },
    });
    expect(JSON.parse(textOf(machine?.DefinitionString))).toEqual(JSON.parse(text));
  });

  test.each(FUNCTION_NAMES)('%s is bounded, traced and logged', (name) => {
    production.platform.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: `assay-production-${name}`,
      Runtime: 'nodejs24.x',
      Architectures: ['x86_64'],
      MemorySize: SIZES[name].memoryMb,
      Timeout: SIZES[name].timeoutSeconds,
      ReservedConcurrentExecutions: SIZES[name].concurrency,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: Match.anyValue(),
    });
  });

  test.each([{}, { chunksAtOnce: '7' }])(
    'two runs find room for all the chunks that their Maps start at once: %j',
    (context) => {
      const { platform } = synthesise(contracts, context);
      const { Refine, Rewrite, Survey } = statesOf(platform);
      for (const [map, name] of [
        [Refine, 'refine'],
        [Survey, 'survey'],
      ] as const) {
        const reserved = functionOf(platform, name).ReservedConcurrentExecutions;
        expect([name, reserved]).toEqual([name, 2 * map.MaxConcurrency]);
      }
      expect(Refine.MaxConcurrency).toBe(Number(context.chunksAtOnce ?? 40));
      const { ReservedConcurrentExecutions: rewriting } = functionOf(platform, 'rewrite');
      expect(rewriting).toBe(Rewrite.MaxConcurrency);
    },
  );

  test('an account without room for reservations is asked for few chunks at once', () => {
    const maps = statesOf(synthesise(contracts, { reservedConcurrency: 'false' }).platform);
    for (const { MaxConcurrency } of [maps.Refine, maps.Survey, maps.Rewrite])
      expect(MaxConcurrency).toBeLessThan(10);
  });

  test('functions and their layer run on arm64 where that is said, all of them', () => {
    const { platform } = synthesise(contracts, { architecture: 'arm64' });
    const stages = FUNCTION_NAMES.map((name) => functionOf(platform, name));
    expect(stages.map(({ Architectures }) => Architectures)).toEqual(stages.map(() => ['arm64']));
    const layers = all(platform, 'AWS::Lambda::LayerVersion').map(
      ({ CompatibleArchitectures }) => CompatibleArchitectures,
    );
    expect(layers).toContainEqual(['arm64']);
    expect(layers).not.toContainEqual(['x86_64']);
  });

  test('no function has more memory than the account allows, and DuckDB knows', () => {
    const { platform } = synthesise(contracts, { maxMemoryMb: '3008' });
    for (const { MemorySize, Environment } of all(platform, 'AWS::Lambda::Function')) {
      expect(MemorySize).toBeLessThanOrEqual(3008);
      expect(Number(Environment.Variables.ASSAY_MEMORY_LIMIT_MB ?? 0)).toBeLessThan(MemorySize);
    }
  });

  test.each([
    ['chunkMb', '1', /at least 64/],
    ['chunkMb', '63', /at least 64/],
    ['chunkMb', '64.5', /whole number/],
    ['maxMemoryMb', '512', /at least 1769/],
    ['chunksAtOnce', '0', /at least 1/],
    ['architecture', 'x64', /write x86_64 or arm64/],
    ['rewriting', 'never', /auto, workers or seal/],
  ])('-c %s=%s is refused', (name, value, message) => {
    expect(() => synthesise(contracts, { [name]: value })).toThrow(message);
  });

  test('a function may take as long as the workflow waits for it, and no longer', () => {
    const text = readFileSync(new URL('../../state-machines/medallion.asl.json', import.meta.url), 'utf8');
    const tasks = [...text.matchAll(/"Resource": "\$\{(\w+)Arn\}"[^}]*?\}?[^}]*?"TimeoutSeconds": (\d+)/g)];
    const limits = new Map(tasks.map(([, name, seconds]) => [name, Number(seconds)]));
    expect(limits.size).toBe(13);
    for (const [name = '', seconds] of limits) {
      const function_ = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      expect([function_, SIZES[function_ as FunctionName].timeoutSeconds]).toEqual([function_, seconds]);
    }
  });

  test('a concurrency that an account cannot give is left out on request', () => {
    const { platform } = synthesise(contracts, { reservedConcurrency: 'false' });
    platform.allResourcesProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
    });
  });

  test('every log is kept for a while and no longer', () => {
    production.platform.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });

  test('a file in Bronze and every night at two start a run; what gets lost is kept', () => {
    const rules = all(production.platform, 'AWS::Events::Rule');
    const dropped = rules.find(({ EventPattern }) => EventPattern?.detail?.object !== undefined);
    expect(dropped?.EventPattern).toMatchObject({
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ prefix: 'bronze/' }] } },
    });
    const nightly = rules.find(({ ScheduleExpression }) => ScheduleExpression === 'cron(0 2 * * ? *)');
    expect(JSON.parse(nightly?.Targets[0].Input)).toEqual({ sweep: true });
    for (const { Targets } of rules) {
      for (const target of Targets) expect(target.DeadLetterConfig?.Arn).toBeDefined();
    }
    expect(bucket('bronze').NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(production.lake.findResources('Custom::S3BucketNotifications')).toEqual({});
  });

  test('a file in the landing bucket is protected at once, else within the hour, and stays no longer than a day', () => {
    const rules = all(production.platform, 'AWS::Events::Rule');
    const landed = rules.find(({ EventPattern }) =>
      textOf(EventPattern?.detail?.bucket?.name?.[0]).includes('-landing-'),
    );
    expect(landed?.EventPattern).toMatchObject({ 'detail-type': ['Object Created'] });
    const calls = (rule: Properties | undefined): string => JSON.stringify(rule?.Targets[0].Arn);
    const hourly = rules.filter(({ ScheduleExpression }) => ScheduleExpression === 'rate(1 hour)');
    const sweep = hourly.find((rule) => calls(rule) === calls(landed));
    expect(JSON.parse(sweep?.Targets[0].Input)).toEqual({ sweep: true });
    const landing = bucket('landing');
    expect(landing.VersioningConfiguration).toBeUndefined();
    expect(landing.LifecycleConfiguration.Rules).toContainEqual(
      expect.objectContaining({ Id: 'nothing-stays', ExpirationInDays: 1 }),
    );
    expect(landing.BucketEncryption.ServerSideEncryptionConfiguration[0]).toMatchObject({
      ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' },
    });
  });
});

describe('functions', () => {
  test('each is given an environment that it can read, with all that it asks for', () => {
    for (const { Properties } of Object.values(production.platform.findResources('AWS::Lambda::Function'))) {
      const given = Properties.Environment.Variables as Record<string, unknown>;
      // What another resource is known by only once it is there is an ARN.
      const env = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [name, textOf(value).replace(/^</, 'arn:<')]),
      );
      const asked = Object.keys(given).filter((name) => name.startsWith('ASSAY_')) as VariableName[];
      expect(Object.keys(readEnvironment(env, asked))).toEqual(expect.arrayContaining(asked));
    }
  });
});

describe('alerts', () => {
  test('an execution that ends badly becomes an Alert', () => {
    const rule = all(production.platform, 'AWS::Events::Rule').find(
      ({ EventPattern }) => EventPattern?.source?.[0] === 'aws.states',
    );
    const { $or: ways } = rule?.EventPattern.detail ?? {};
    expect(ways.flatMap(({ status }: { status: string[] }) => status)).toEqual([
      'TIMED_OUT',
      'ABORTED',
      'FAILED',
      'FAILED',
    ]);
    const { InputPathsMap, InputTemplate } = rule?.Targets[0].InputTransformer ?? {};
    const event: Record<string, string> = {
      '$.detail.name': 'run-1',
      '$.detail.status': 'TIMED_OUT',
      '$.time': '2024-05-01T12:00:00Z',
      '$.detail.executionArn': 'arn:x',
      '$.detail.input': '{"dataset":"a.b"}',
    };
    // EventBridge puts a text in quotes where its place has none, and as it is where the place stands in a text.
    let isInText = false;
    const filled = textOf(InputTemplate)
      .split(/(<[\w-]+>)/)
      .map((part) => {
        const name = /^<([\w-]+)>$/.exec(part)?.[1];
        if (name !== undefined) {
          const value = event[InputPathsMap[name]] ?? '';
          return isInText ? value : JSON.stringify(value);
        }
        if ((part.match(/"/g) ?? []).length % 2 === 1) isInText = !isInText;
        return part;
      })
      .join('');
    expect(JSON.parse(filled)).toMatchObject({
      kind: 'run-failed',
      runId: 'run-1',
      at: '2024-05-01T12:00:00Z',
      details: { status: 'TIMED_OUT', execution: 'arn:x' },
    });
  });

  test('an alert goes by topic and queue to relay-alert and by email, and is kept where it can’t', () => {
    const { platform } = production;
    platform.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    platform.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'sqs',
      RawMessageDelivery: true,
      RedrivePolicy: Match.anyValue(),
    });
    platform.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'data@example.org',
    });
    platform.hasResourceProperties('AWS::SQS::Queue', { RedrivePolicy: { maxReceiveCount: 5 } });
    platform.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    for (const type of ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
      platform.allResourcesProperties(type, {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      });
    }
  });

  test('everything worth waking somebody for has an alarm that tells the topic', () => {
    const alarms = all(production.platform, 'AWS::CloudWatch::Alarm');
    const names = alarms.map(({ AlarmName }) => AlarmName.replace('assay-production-', ''));
    expect(names).toEqual(
      expect.arrayContaining([
        'executions-failed',
        'executions-timed-out',
        'executions-aborted',
        'alerts-undelivered',
        'alerts-waiting',
        'events-lost',
        'landing-waiting',
        ...FUNCTION_NAMES.flatMap((name) => [`${name}-errors`, `${name}-throttles`]),
        ...['held', 'quarantine-rate', 'condemned', 'stale', 'seal-missing'].flatMap((what) => [
          `mortgages-transactions-${what}`,
          `spend-council_payments-${what}`,
        ]),
      ]),
    );
    for (const { AlarmActions, AlarmDescription } of alarms) {
      expect(AlarmActions).toHaveLength(1);
      expect(AlarmDescription.length).toBeGreaterThan(30);
    }
    production.platform.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  test('people hear of the bill at 50, 80 and 100 %', () => {
    const [budget] = all(production.platform, 'AWS::Budgets::Budget');
    const thresholds = budget?.NotificationsWithSubscribers.map(
      (one: Properties) => one.Notification.Threshold,
    );
    expect(thresholds).toEqual([50, 80, 100]);
  });
});

describe('analysts', () => {
  test('a query can’t read without limit, and its result is encrypted', () => {
    production.platform.hasResourceProperties('AWS::Athena::WorkGroup', {
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 10 * 1024 ** 3,
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' } },
      },
    });
    production.lake.resourceCountIs('AWS::Glue::Database', 7);
    production.platform.resourceCountIs('AWS::Athena::NamedQuery', 2 + 3 * 2);
  });
});

describe('governance', () => {
  test('cdk-nag finds nothing that isn’t accepted with a reason', () => {
    const { violations } = new AwsSolutionsChecks(production.app).validateScope(production.app);
    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
  });

  test('every accepted finding says why at some length', () => {
    const reasons = production.app.node
      .findAll()
      .flatMap((construct) =>
        construct.node.metadata
          .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
          .flatMap(({ data }) => Object.values(data as Record<string, string>)),
      );
    expect(reasons.length).toBeGreaterThan(10);
    for (const reason of reasons) expect(reason.length).toBeGreaterThan(60);
  });

  test('the trail records who read and wrote objects of every bucket of the lake', () => {
    const [trail] = all(production.lake, 'AWS::CloudTrail::Trail');
    const [selector] = trail?.EventSelectors ?? [];
    expect(selector).toMatchObject({ ReadWriteType: 'All', IncludeManagementEvents: true });
    expect(selector.DataResources[0].Values).toHaveLength(6);
    expect(trail?.EnableLogFileValidation).toBe(true);
  });

  test('GitHub deploys a stage only from its environment, and a pull request only looks', () => {
    const delivery = production.delivery;
    const roles = delivery === undefined ? [] : all(delivery, 'AWS::IAM::Role');
    const subjects = roles.map(
      ({ AssumeRolePolicyDocument }) =>
        AssumeRolePolicyDocument.Statement[0].Condition.StringEquals[
          'token.actions.githubusercontent.com:sub'
        ],
    );
    expect(subjects).toEqual([
      'repo:example/assay:environment:production',
      'repo:example/assay:environment:production-diff',
    ]);
    const diff = textOf(roles[1]?.RoleName);
    expect(diff).toBe('assay-production-diff');
    expect(staging.delivery).toBeUndefined();
  });

  test('everything that can be tagged says what it belongs to', () => {
    for (const { Tags } of all(production.platform, 'AWS::Lambda::Function')) {
      expect(Object.fromEntries(Tags.map(({ Key, Value }: Properties) => [Key, Value]))).toEqual({
        Application: 'Assay',
        CostCentre: 'data-platform',
        Stage: 'production',
      });
    }
  });

  test('for the emulator, exactly the types that it doesn’t know are left out', () => {
    const typesOf = ({ app }: Synthesised): Set<string> =>
      new Set(
        app.node.findAll().flatMap((one) => (CfnResource.isCfnResource(one) ? [one.cfnResourceType] : [])),
      );
    const emulated = typesOf(staging);
    const missing = [...typesOf(production)].filter((type) => !emulated.has(type));
    expect(missing.sort()).toEqual([...Object.keys(EMULATOR_GAPS), 'AWS::IAM::OIDCProvider'].sort());
  });

  test('the command finds all that it needs among the outputs', () => {
    expect(Object.keys(production.platform.toJSON().Outputs).sort()).toEqual(
      [
        'BronzeBucket',
        'LandingBucket',
        'EraseFunction',
        'VaultTable',
        'VaultKeysTable',
        'VaultWrappingKeys',
        'ServiceUrl',
        'SignInClient',
        'SignInIssuer',
        'SilverBucket',
        'GoldBucket',
        'LineageNamespace',
        'LineageUrl',
        'PoliciesTable',
        'QuarantineBucket',
        'OpsBucket',
        'ArtifactsBucket',
        'DatabasePrefix',
        'EventsSource',
        'AlertsTopicArn',
        'AlertsQueueUrl',
        'StateMachineArn',
        'UserPoolId',
        'Workgroup',
        'OperatorsWorkgroup',
        'StartRunFunction',
        'DigestKeySecretArn',
        'ContractsDigest',
        'Release',
      ].sort(),
    );
  });

  test.each([
    ['stage', 'test', /staging or production/],
    ['budget', '-1', /above 0/],
    ['emulator', 'yes', /true or false/],
  ])('-c %s=%s is refused in words', (name, value, message) => {
    expect(() => synthesise(contracts, { [name]: value })).toThrow(message);
  });
});
