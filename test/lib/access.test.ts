import { beforeAll, describe, expect, test } from '@jest/globals';
import { bronzeKey, sealedName } from '../../etl/naming/bronze.ts';
import type { Layer } from '../../etl/naming/datasets.ts';
import { decisionKey } from '../../etl/naming/decisions.ts';
import { adoptionRecordKey, erasureKey } from '../../etl/naming/privacy.ts';
import {
  leaseKey,
  leavingKey,
  planKey,
  rejectsKey,
  rewriteListKey,
  rewriteTaskKey,
  rewrittenKey,
  runRecordKey,
  sealKey,
  setsFolder,
  spansKey,
} from '../../etl/naming/runs.ts';
import { metadataPrefix, pointerKey, runRoot } from '../../etl/naming/tables.ts';
import { bucketOf } from '../../lib/config/names.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../lib/workflow/access/functions-access.ts';
import { matches, statementsOfFunction, statementsOfRole, textOf } from './support/policies.ts';
import { readContracts, type Synthesised, synthesise } from './support/synthesise.ts';

const DATASET = 'spend.council_payments';
const RUN = '20240501T120003417Z-9b6e0d20';
/** Those of the workflow and around it. What the service may, it may in people's names: see below. */
const ALL = FUNCTION_NAMES.filter((name) => name !== 'service');

let made: Synthesised;
beforeAll(async () => {
  made = synthesise(await readContracts(), { slack: 'true', openLineageUrl: 'https://lineage.example.org' });
});

const bucketArn = (bucket: string): string => `arn:aws:s3:::assay-staging-${bucket}-111122223333-eu-west-1`;
const objectArn = (key: string): string => `${bucketArn(bucketOf(key))}/${key}`;

function can(name: FunctionName, action: string, resource: string): boolean {
  return matches(statementsOfFunction(made.platform, `assay-staging-${name}`), 'Allow', { action, resource });
}

/** Those that are allowed it and not forbidden. */
const mayRemove = (action: string, resource: string): FunctionName[] =>
  whoCan(action, resource).filter(
    (name) =>
      !matches(statementsOfFunction(made.platform, `assay-staging-${name}`), 'Deny', { action, resource }),
  );

const whoCan = (action: string, resource: string): FunctionName[] =>
  ALL.filter((name) => can(name, action, resource));

const bronze = objectArn(bronzeKey(DATASET, '2024-05-01', 'a.csv'));
const silverPointer = objectArn(pointerKey('silver', DATASET));
const goldPointer = objectArn(pointerKey('gold', 'spend.monthly_totals'));
const dataFile = (layer: Layer): string =>
  objectArn(`${runRoot(layer, DATASET, '1.0.0', RUN)}/year=2024/month=05/part-0001.parquet`);

describe('what functions may do', () => {
  test('nobody writes in Bronze, and only erase deletes there', () => {
    expect(whoCan('s3:PutObject', bronze)).toEqual([]);
    for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion'])
      expect(whoCan(action, bronze)).toEqual(['erase']);
  });

  test('erase alone takes versions away; it reads no value, writes nothing, and removes nothing that was decided', () => {
    const results = `${bucketArn('artifacts')}/athena-results/operators/some.csv`;
    const gone = [bronze, dataFile('silver'), dataFile('quarantine'), dataFile('gold')];
    for (const arn of [...gone, objectArn('ops/corrections/spend/council_payments/a.parquet'), results])
      expect(whoCan('s3:DeleteObjectVersion', arn)).toEqual(['erase']);
    const kept = [
      decisionKey(DATASET, RUN),
      erasureKey('e'),
      adoptionRecordKey(DATASET, RUN),
      leaseKey(DATASET),
    ];
    for (const key of kept) expect(whoCan('s3:DeleteObjectVersion', objectArn(key))).toEqual([]);
    for (const arn of [...gone, results]) expect(can('erase', 's3:GetObject', arn)).toBe(false);
    expect(whoCan('s3:ListBucketVersions', bucketArn('artifacts'))).toEqual(['erase']);
    const writes = statementsOfFunction(made.platform, 'assay-staging-erase').some(({ Action }) =>
      [Action].flat().includes('s3:PutObject'),
    );
    expect(writes).toBe(false);
  });

  test('seal and refresh-gold ask Athena in a workgroup and a database of their own, and unload beside their runs', () => {
    const askers = ['seal', 'refresh-gold'];
    const at = (rest: string): string => `arn:aws:${rest.replace(':', ':eu-west-1:111122223333:')}`;
    const [workgroup, analysts] = ['sets', 'analysts'].map((name) =>
      at(`athena:workgroup/assay-staging-${name}`),
    );
    expect(whoCan('athena:StartQueryExecution', workgroup ?? '')).toEqual(askers);
    expect(whoCan('athena:StartQueryExecution', analysts ?? '')).toEqual([]);
    expect(whoCan('glue:DeleteTable', at('glue:table/assay_staging_sets/assay_tmp_1'))).toEqual(askers);
    expect(whoCan('glue:DeleteTable', at('glue:table/assay_staging_silver/spend_council_payments'))).toEqual(
      [],
    );
    const answer = objectArn(`${setsFolder(DATASET, RUN)}/found/0f-1/part`);
    for (const action of ['s3:GetObject', 's3:PutObject']) expect(whoCan(action, answer)).toEqual(askers);
  });

  test('without Athena nobody may ask it', async () => {
    const { platform } = synthesise(await readContracts(), { engine: 'duckdb' });
    const asking = [...FUNCTION_NAMES].filter((name) =>
      JSON.stringify(statementsOfFunction(platform, `assay-staging-${name}`)).includes('assay-staging-sets'),
    );
    expect(asking).toEqual([]);
  });

  test('only those that read source files can', () => {
    expect(whoCan('s3:GetObject', bronze)).toEqual([
      'plan',
      'survey',
      'align',
      'refine',
      'seal',
      'rewrite',
      'sweep',
    ]);
  });

  test('parts of a plan are read by the workers, and written by those who write the whole', () => {
    const [part, spans] = [planKey(DATASET, RUN, '0042'), spansKey(DATASET, RUN, '0042')].map(objectArn);
    expect(can('survey', 's3:GetObject', part ?? '')).toBe(true);
    expect(can('refine', 's3:GetObject', part ?? '')).toBe(true);
    expect(can('refine', 's3:GetObject', spans ?? '')).toBe(true);
    expect(whoCan('s3:PutObject', part ?? '')).toEqual(['plan']);
    expect(whoCan('s3:PutObject', spans ?? '')).toEqual(['align']);
  });

  test('what workers write anew, seal asks for and takes, and they see nothing that failed before', () => {
    const task = '0001-0123456789abcdef';
    const [doc, list, result] = [
      rewriteTaskKey(DATASET, RUN, task),
      leavingKey(DATASET, RUN, task),
      rewrittenKey(DATASET, RUN, task),
    ].map(objectArn);
    for (const asked of [doc, list]) {
      expect(whoCan('s3:PutObject', asked ?? '')).toEqual(['seal']);
      expect(whoCan('s3:GetObject', asked ?? '')).toEqual(['rewrite']);
    }
    expect(whoCan('s3:PutObject', result ?? '')).toEqual(['rewrite']);
    expect(whoCan('s3:GetObject', result ?? '')).toEqual(['seal']);
    expect(whoCan('s3:PutObject', objectArn(rewriteListKey(DATASET, RUN)))).toEqual(['seal']);
    for (const hidden of [dataFile('quarantine'), objectArn(rejectsKey(DATASET, RUN, '0001'))])
      expect(can('rewrite', 's3:GetObject', hidden)).toBe(false);
  });

  test('only protect reads what sources drop to be protected, and it writes only what is sealed', () => {
    const landed = `${bucketArn('landing')}/shop/customers/june.csv`;
    const sealed = objectArn(bronzeKey(DATASET, '2024-05-01', sealedName('abc')));
    for (const action of ['s3:GetObject', 's3:DeleteObject'])
      expect(whoCan(action, landed)).toEqual(['protect']);
    expect(whoCan('s3:PutObject', landed)).toEqual([]);
    expect(whoCan('s3:PutObject', sealed)).toEqual(['protect']);
    expect(whoCan('s3:DeleteObject', sealed)).toEqual(['erase']);
  });

  test('refine only opens what is sealed, seal makes names, protect makes keys, and the upkeep destroys them', () => {
    const who = (action: string): FunctionName[] =>
      ALL.filter((name) =>
        statementsOfFunction(made.platform, `assay-staging-${name}`).some(({ Action }) =>
          [Action].flat().includes(action),
        ),
      );
    expect(who('dynamodb:BatchGetItem')).toEqual(['protect', 'refine', 'seal', 'tend']);
    expect(who('dynamodb:BatchWriteItem')).toEqual(['protect', 'tend']);
    expect(who('kms:GenerateDataKeyWithoutPlaintext')).toEqual(['protect', 'tend']);
    // Of the vault's own key, and only what names are made with.
    const opened = statementsOfFunction(made.platform, 'assay-staging-seal').filter(
      ({ Action, Condition }) => Action === 'kms:Decrypt' && Condition?.StringEqualsIfExists !== undefined,
    );
    expect(opened.map(({ Condition }) => Condition?.StringEqualsIfExists)).toEqual([
      { 'kms:EncryptionContext:assay:shard': 'secrets/references' },
    ]);
    const keys = (name: FunctionName): string[] =>
      statementsOfFunction(made.platform, `assay-staging-${name}`)
        .filter(({ Action }) => Action === 'kms:Decrypt')
        .flatMap(({ Resource }) => [Resource].flat().map(textOf))
        .filter((arn) => arn.includes('Keyvault'));
    expect(keys('seal')).toHaveLength(1);
  });

  test('only promote moves a pointer of Silver, only refresh-gold one of Gold, and the upkeep both', () => {
    expect(whoCan('s3:PutObject', silverPointer)).toEqual(['promote', 'tend']);
    expect(whoCan('s3:PutObject', goldPointer)).toEqual(['refresh-gold', 'tend']);
    // Projections lie beside Gold.
    for (const layer of ['projection', 'projection_state'] as const)
      for (const key of [dataFile(layer), objectArn(`${metadataPrefix(layer, DATASET)}/a.metadata.json`)])
        expect(whoCan('s3:PutObject', key)).toEqual(['refresh-gold', 'tend']);
    expect(whoCan('s3:PutObject', objectArn(pointerKey('projection', DATASET)))).toEqual([
      'refresh-gold',
      'tend',
    ]);
    for (const resource of [silverPointer, goldPointer])
      for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion'])
        expect(mayRemove(action, resource)).toEqual([]);
  });

  test('plan reads no value that was quarantined or condemned, nor any staged reject', () => {
    const values = [
      dataFile('quarantine'),
      dataFile('condemned'),
      objectArn(rejectsKey(DATASET, RUN, '0001')),
      objectArn('ops/retries/spend/council_payments/retry-1.csv'),
      objectArn('ops/retries/spend/council_payments/retry-1.origins.parquet'),
    ];
    for (const arn of values) expect(can('plan', 's3:GetObject', arn)).toBe(false);
    expect(can('plan', 's3:ListBucket', bucketArn('quarantine'))).toBe(false);
    expect(can('plan', 's3:GetObject', dataFile('silver'))).toBe(false);
  });

  test('quarantined values are read only where attempts and errors are counted', () => {
    expect(whoCan('s3:GetObject', dataFile('quarantine'))).toEqual(['refine', 'seal', 'gate']);
    expect(whoCan('s3:PutObject', dataFile('quarantine'))).toEqual(['seal']);
  });

  test('only the upkeep removes data, and nothing that must stay; who commits removes earlier metadata files alone', () => {
    const metadata = objectArn(`${metadataPrefix('silver', DATASET)}/00001-a.metadata.json`);
    const manifest = objectArn(`${metadataPrefix('silver', DATASET)}/a-m0.avro`);
    expect(whoCan('s3:DeleteObject', metadata)).toEqual(['promote', 'erase', 'tend']);
    expect(whoCan('s3:DeleteObject', manifest)).toEqual(['erase', 'tend']);
    for (const layer of ['silver', 'gold', 'quarantine', 'condemned'] as const)
      expect(whoCan('s3:DeleteObject', dataFile(layer))).toEqual(['erase', 'tend']);
    const forGood = [sealKey(DATASET, '1.0.0', RUN), runRecordKey(DATASET, RUN)];
    for (const key of forGood) expect(whoCan('s3:DeleteObject', objectArn(key))).toEqual(['erase']);
    expect(whoCan('s3:DeleteObject', objectArn(decisionKey(DATASET, RUN)))).toEqual([]);
    // Of quarantine it sees metadata, and no value.
    expect(can('tend', 's3:GetObject', dataFile('quarantine'))).toBe(false);
    expect(can('tend', 's3:PutObject', objectArn(runRecordKey(DATASET, RUN)))).toBe(false);
    const written = `${runRoot('silver', DATASET, '1.0.0', RUN)}/year=2024/month=05`;
    expect(can('tend', 's3:PutObject', objectArn(`${written}/part-0001.parquet`))).toBe(false);
    expect(can('tend', 's3:PutObject', objectArn(`${written}/part-compact-0001.parquet`))).toBe(true);
  });

  test('a seal is written by seal alone', () => {
    expect(whoCan('s3:PutObject', objectArn(sealKey(DATASET, '1.0.0', RUN)))).toEqual(['seal']);
  });

  test('only promote, refresh-gold and the upkeep write Iceberg metadata', () => {
    expect(whoCan('s3:PutObject', objectArn(`${metadataPrefix('silver', DATASET)}/v1.json`))).toEqual([
      'promote',
      'tend',
    ]);
    expect(whoCan('s3:PutObject', objectArn(`${metadataPrefix('gold', DATASET)}/v1.json`))).toEqual([
      'refresh-gold',
      'tend',
    ]);
  });

  test('only those that have something to tell publish alerts', () => {
    const topics = Object.keys(made.platform.findResources('AWS::SNS::Topic'));
    expect(whoCan('sns:Publish', `<${topics[0]}>`)).toEqual([
      'protect',
      'gate',
      'hold',
      'promote',
      'refresh-gold',
      'record-failure',
      'start-run',
      'check-health',
      'tend',
    ]);
  });

  test('only those that publish, or send what was not told, put events: of this stage, on the default bus', () => {
    const bus = (name: string): string => `arn:aws:events:eu-west-1:111122223333:event-bus/${name}`;
    const tells = (source: string, name = 'default'): FunctionName[] =>
      ALL.filter((one) =>
        matches(statementsOfFunction(made.platform, `assay-staging-${one}`), 'Allow', {
          action: 'events:PutEvents',
          resource: bus(name),
          context: { 'events:source': source },
        }),
      );
    expect(tells('assay.staging')).toEqual(['refresh-gold', 'record-failure', 'tend']);
    expect(tells('assay.production')).toEqual([]);
    expect(tells('aws.s3')).toEqual([]);
    expect(tells('assay.staging', 'other')).toEqual([]);
  });

  test('only start-run and sweep start executions, and nobody stops one', () => {
    const machine = 'arn:aws:states:eu-west-1:111122223333:stateMachine:assay-staging-medallion';
    expect(whoCan('states:StartExecution', machine)).toEqual(['sweep', 'start-run']);
    expect(whoCan('states:StopExecution', machine.replace('stateMachine', 'execution'))).toEqual([]);
  });

  test('only refine, seal, rewrite and refresh-gold read the key of the digests, only relay-alert the address of Slack, and the key of a lineage server those that tell it', () => {
    const secret = (name: string): string =>
      `arn:aws:secretsmanager:eu-west-1:111122223333:secret:assay/staging/${name}-AbCdEf`;
    expect(whoCan('secretsmanager:GetSecretValue', secret('digest-key'))).toEqual([
      'refine',
      'seal',
      'rewrite',
      'refresh-gold',
    ]);
    expect(whoCan('secretsmanager:GetSecretValue', secret('slack-webhook'))).toEqual(['relay-alert']);
    expect(whoCan('secretsmanager:GetSecretValue', secret('openlineage-key'))).toEqual([
      'plan',
      'hold',
      'refresh-gold',
      'record-failure',
      'relay-alert',
      'tend',
    ]);
  });

  test('tables are made and moved by those that commit, and deleted by nobody', () => {
    const table = (name: string): string => `arn:aws:glue:eu-west-1:111122223333:table/assay_staging_${name}`;
    expect(whoCan('glue:UpdateTable', table('silver/spend_council_payments'))).toEqual([
      'promote',
      'reconcile-catalog',
      'tend',
    ]);
    expect(whoCan('glue:UpdateTable', table('gold/spend_monthly_totals'))).toEqual([
      'refresh-gold',
      'reconcile-catalog',
      'tend',
    ]);
    expect(whoCan('glue:UpdateTable', table('projection/baskets_totals'))).toEqual([
      'refresh-gold',
      'reconcile-catalog',
      'tend',
    ]);
    expect(whoCan('glue:DeleteTable', table('gold/spend_monthly_totals'))).toEqual([]);
  });

  test('the key opens a bucket only to those that work on it, through S3', () => {
    const keyArn = textOf(
      statementsOfFunction(made.platform, 'assay-staging-plan').find(({ Action }) => Action === 'kms:Decrypt')
        ?.Resource,
    );
    const decrypts = (name: FunctionName, bucket: string, service = 's3'): boolean =>
      matches(statementsOfFunction(made.platform, `assay-staging-${name}`), 'Allow', {
        action: 'kms:Decrypt',
        resource: keyArn,
        context: {
          'kms:ViaService': `${service}.eu-west-1.amazonaws.com`,
          'kms:EncryptionContext:aws:s3:arn': bucketArn(bucket),
        },
      });
    expect(decrypts('plan', 'bronze')).toBe(true);
    expect(decrypts('plan', 'quarantine')).toBe(false);
    expect(decrypts('plan', 'bronze', 'glue')).toBe(false);
    expect(decrypts('refine', 'gold')).toBe(false);
  });

  test('no role may do everything with anything', () => {
    const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
      Object.values(made.platform.findResources(type)),
    );
    const actions = policies.flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.flatMap((statement: { Action: unknown }) => statement.Action),
    );
    expect(actions.filter((action) => String(action).includes('*'))).toEqual([]);
    const roles = Object.values(made.platform.findResources('AWS::IAM::Role'));
    expect(roles.flatMap(({ Properties }) => Properties.ManagedPolicyArns ?? [])).toEqual([]);
  });
});

test('analysts read what is published and nothing that was quarantined; sources only bring files', () => {
  const policy = (name: string) =>
    Object.values(made.platform.findResources('AWS::IAM::ManagedPolicy')).find(
      ({ Properties }) => Properties.ManagedPolicyName === `assay-staging-${name}`,
    )?.Properties.PolicyDocument.Statement;
  const may = (name: string, action: string, resource: string): boolean =>
    matches(policy(name), 'Allow', { action, resource });
  for (const layer of ['silver', 'gold'] as const) {
    expect(may('analyst', 's3:GetObject', dataFile(layer))).toBe(true);
    expect(may('analyst', 's3:PutObject', dataFile(layer))).toBe(false);
  }
  for (const arn of [dataFile('quarantine'), dataFile('condemned'), bronze]) {
    expect(may('analyst', 's3:GetObject', arn)).toBe(false);
  }
  expect(may('source', 's3:PutObject', bronze)).toBe(true);
  expect(may('source', 's3:GetObject', bronze)).toBe(false);
});

test('the workflow reads the list of chunks, starts the Map’s children, and no data', () => {
  const machines = Object.values(made.platform.findResources('AWS::StepFunctions::StateMachine'));
  const role = textOf(machines[0]?.Properties.RoleArn).slice(1, -1);
  const statements = statementsOfRole(made.platform, role);
  const allows = (action: string, resource: string): boolean =>
    matches(statements, 'Allow', { action, resource });
  const states = 'arn:aws:states:eu-west-1:111122223333';
  expect(allows('s3:GetObject', objectArn('ops/staging/spend/council_payments/r/chunks.json'))).toBe(true);
  expect(allows('s3:GetObject', objectArn('ops/staging/spend/council_payments/r/rejects-0001.parquet'))).toBe(
    false,
  );
  expect(allows('states:StartExecution', `${states}:stateMachine:assay-staging-medallion`)).toBe(true);
  expect(allows('states:StopExecution', `${states}:execution:assay-staging-medallion/Refine:uuid`)).toBe(
    true,
  );
  expect(allows('states:StartExecution', `${states}:stateMachine:another`)).toBe(false);
});
