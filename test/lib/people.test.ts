import { describe, expect, test } from '@jest/globals';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import type { Layer } from '../../etl/naming/datasets.ts';
import { correctionsKey, decisionKey, releaseKey, retryKeys } from '../../etl/naming/decisions.ts';
import {
  adoptedCorrectionsKey,
  adoptionKey,
  migrationKey,
  migrationOutcomeKey,
} from '../../etl/naming/generations.ts';
import {
  adoptionRecordKey,
  erasureKey,
  forgetApprovalKey,
  forgetEndKey,
  forgetRequestKey,
  revealKey,
} from '../../etl/naming/privacy.ts';
import {
  backfillKey,
  breakerKey,
  chunkKey,
  heldKey,
  leaseKey,
  planKey,
  runRecordKey,
  sealKey,
} from '../../etl/naming/runs.ts';
import {
  compactedPart,
  letGoPart,
  metadataPrefix,
  pointerKey,
  runRoot,
  upgradedPart,
} from '../../etl/naming/tables.ts';
import { refreshKey, writerKey } from '../../etl/naming/upkeep.ts';
import { bucketOf } from '../../lib/config/names.ts';
import { matches, textOf } from './support/policies.ts';
import { readContracts, readShop, type Synthesised, synthesise } from './support/synthesise.ts';

/** The policies that are there to be attached to people. */

const DATASET = 'spend.council_payments';
const RUN = '20240501T120003417Z-9b6e0d20';
/** Those of the shop have data groups. */
const contracts = [...(await readContracts()), ...(await readShop())];
const staging = synthesise(contracts);

const statementsOf = ({ platform }: Synthesised, name: string) =>
  Object.values(platform.findResources('AWS::IAM::ManagedPolicy')).find(
    ({ Properties }) => Properties.ManagedPolicyName === name,
  )?.Properties.PolicyDocument.Statement;
const objectArn = (key: string): string =>
  `arn:aws:s3:::assay-staging-${bucketOf(key)}-111122223333-eu-west-1/${key}`;
const may = (who: string, action: string, resource: string): boolean =>
  matches(statementsOf(staging, `assay-staging-${who}`), 'Allow', { action, resource });
const dataFile = (layer: Layer): string =>
  `${runRoot(layer, DATASET, '1.0.0', RUN)}/year=2024/month=05/part-0001.parquet`;

/** What nobody may remove. */
const KEPT = [
  bronzeKey(DATASET, '2024-05-01', 'a.csv'),
  pointerKey('silver', DATASET),
  pointerKey('gold', 'spend.monthly_totals'),
  decisionKey(DATASET, RUN),
  runRecordKey(DATASET, RUN),
  correctionsKey(DATASET, RUN),
  releaseKey(DATASET, RUN),
  backfillKey(DATASET, RUN),
  breakerKey(DATASET),
  leaseKey(DATASET),
];

describe('the platform team', () => {
  test.each([
    bronzeKey(DATASET, '2024-05-01', 'a.csv'),
    decisionKey(DATASET, RUN),
    heldKey(DATASET, RUN),
    runRecordKey(DATASET, RUN),
    retryKeys(DATASET, RUN).records,
    retryKeys(DATASET, RUN).origins,
    correctionsKey(DATASET, RUN),
    releaseKey(DATASET, RUN),
    pointerKey('silver', DATASET),
    `${metadataPrefix('quarantine', DATASET)}/00002.metadata.json`,
    dataFile('condemned'),
    dataFile('gold'),
    backfillKey(DATASET, RUN),
    refreshKey('spend.monthly_totals', RUN),
  ])('writes %s, as its commands do', (key) => {
    expect(may('operator', 's3:PutObject', objectArn(key))).toBe(true);
    expect(may('operator', 's3:GetObject', objectArn(key))).toBe(true);
  });

  test.each([dataFile('silver'), leaseKey(DATASET), chunkKey(DATASET, RUN, '0001')])(
    'only reads %s, which is the workflow’s',
    (key) => {
      expect(may('operator', 's3:PutObject', objectArn(key))).toBe(false);
      expect(may('operator', 's3:GetObject', objectArn(key))).toBe(true);
    },
  );

  test('removes nothing but the mark of a run that waits', () => {
    expect(may('operator', 's3:DeleteObject', objectArn(heldKey(DATASET, RUN)))).toBe(true);
    for (const key of [...KEPT, dataFile('gold')])
      expect(may('operator', 's3:DeleteObject', objectArn(key))).toBe(false);
  });

  test('has runs started by start-run and calls no other function', () => {
    const functionArn = (name: string): string =>
      `arn:aws:lambda:eu-west-1:111122223333:function:assay-staging-${name}`;
    expect(may('operator', 'lambda:InvokeFunction', functionArn('start-run'))).toBe(true);
    expect(may('operator', 'lambda:InvokeFunction', functionArn('promote'))).toBe(false);
  });
});

describe('who keeps the tables tidy', () => {
  test.each([
    dataFile('silver'),
    dataFile('gold'),
    `${metadataPrefix('source_files', DATASET)}/00002.metadata.json`,
    sealKey(DATASET, '1.0.0', RUN),
    planKey(DATASET, RUN),
    chunkKey(DATASET, RUN, '0001'),
    retryKeys(DATASET, RUN).records,
    writerKey(DATASET, RUN),
    refreshKey('spend.monthly_totals', RUN),
  ])('removes %s, where a vacuum finds that nobody needs it', (key) => {
    expect(may('caretaker', 's3:DeleteObject', objectArn(key))).toBe(true);
    expect(may('caretaker', 's3:DeleteObjectVersion', objectArn(key))).toBe(false);
  });

  test.each(KEPT)('never removes %s', (key) => {
    expect(may('caretaker', 's3:DeleteObject', objectArn(key))).toBe(false);
  });

  test('writes joined files of Silver, those of every table that an upgrade wrote anew, rejects without what was let go, and no others', () => {
    const named = (layer: Layer, part: string) => dataFile(layer).replace('part-0001', `part-${part}`);
    const layers = ['silver', 'gold', 'quarantine', 'condemned', 'source_files'] as const;
    const written = [
      named('silver', `${compactedPart(0)}-0`),
      ...layers.map((layer) => named(layer, upgradedPart(0))),
      named('gold', `${upgradedPart(12)}-3`),
      named('quarantine', letGoPart(0)),
      named('condemned', letGoPart(12)),
    ];
    for (const key of written) expect(may('caretaker', 's3:PutObject', objectArn(key))).toBe(true);
    expect(may('caretaker', 's3:PutObject', objectArn(writerKey(DATASET, RUN)))).toBe(true);
    for (const key of [
      dataFile('silver'),
      dataFile('gold'),
      dataFile('quarantine'),
      named('silver', letGoPart(0)),
      pointerKey('silver', DATASET),
    ])
      expect(may('caretaker', 's3:PutObject', objectArn(key))).toBe(false);
  });
});

describe('results of queries', () => {
  const groupArn = (name: string): string =>
    `arn:aws:athena:eu-west-1:111122223333:workgroup/assay-staging-${name}`;
  const outputOf = (group: string): string => {
    const groups = Object.values(staging.platform.findResources('AWS::Athena::WorkGroup'));
    const found = groups.find(({ Properties }) => Properties.Name === `assay-staging-${group}`);
    const { EnforceWorkGroupConfiguration, ResultConfiguration } =
      found?.Properties.WorkGroupConfiguration ?? {};
    // Else whoever asks could name another place.
    expect(EnforceWorkGroupConfiguration).toBe(true);
    return textOf(ResultConfiguration.OutputLocation).replace('s3://', 'arn:aws:s3:::');
  };
  const [ANALYSTS, OPERATORS] = [outputOf('analysts'), outputOf('operators')];

  test.each(['s3:GetObject', 's3:PutObject'])('are each audience’s own: %s', (action) => {
    expect(may('analyst', action, `${ANALYSTS}some-query.csv`)).toBe(true);
    expect(may('operator-query', action, `${OPERATORS}some-query.csv`)).toBe(true);
    for (const who of ['analyst', 'operator', 'source', 'caretaker'])
      expect([who, may(who, action, `${OPERATORS}some-query.csv`)]).toEqual([who, false]);
  });

  test.each(['athena:StartQueryExecution', 'athena:GetQueryResults'])(
    'are asked for in each audience’s own workgroup: %s',
    (action) => {
      expect(may('analyst', action, groupArn('analysts'))).toBe(true);
      expect(may('analyst', action, groupArn('operators'))).toBe(false);
      expect(may('operator-query', action, groupArn('operators'))).toBe(true);
    },
  );

  test('of an operator never lie where analysts read, though she is an analyst besides', () => {
    const request = { action: 'athena:StartQueryExecution', resource: groupArn('analysts') };
    expect(matches(statementsOf(staging, 'assay-staging-operator-query'), 'Deny', request)).toBe(true);
  });
});

test('analysts and the platform team find the stack, and no other', () => {
  const stackArn = (name: string): string =>
    `arn:aws:cloudformation:eu-west-1:111122223333:stack/${name}/some-id`;
  for (const who of ['analyst', 'operator']) {
    expect(may(who, 'cloudformation:DescribeStacks', stackArn('Assay-staging'))).toBe(true);
    expect(may(who, 'cloudformation:DescribeStacks', stackArn('Assay-production'))).toBe(false);
  }
});

test('every policy fits into what IAM takes, 6,144 characters, in the region with the longest name', async () => {
  const production = synthesise(contracts, { stage: 'production' });
  for (const { Properties } of Object.values(production.platform.findResources('AWS::IAM::ManagedPolicy'))) {
    const text = resolved(Properties.PolicyDocument).replaceAll('eu-west-1', 'ap-southeast-2');
    expect({ name: Properties.ManagedPolicyName, fits: text.replace(/\s/g, '').length <= 6_144 }).toEqual({
      name: Properties.ManagedPolicyName,
      fits: true,
    });
    // A role with many rights has the last of them in a policy of its own.
    expect(text).toContain('"Action"');
  }
});

/** A policy as JSON, with what CloudFormation puts together put together. */
function resolved(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' &&
    inner !== null &&
    !Array.isArray(inner) &&
    Object.keys(inner).some((key) => /^(Ref|Fn::)/.test(key))
      ? textOf(inner)
      : inner,
  );
}

describe('who may see and forget protected values', () => {
  const REVEAL = ['reveal-contact', 'reveal-identity', 'reveal-ids', 'reveal-notes'];
  const PEOPLE = ['analyst', 'source', 'operator', 'operator-query', 'privacy', 'caretaker', ...REVEAL];
  const holders = (action: string): string[] =>
    PEOPLE.filter((who) =>
      (statementsOf(staging, `assay-staging-${who}`) as { readonly Action: unknown }[]).some(({ Action }) =>
        [Action].flat().includes(action),
      ),
    );

  test('has the keys of the vault; nobody else of the people does', () => {
    for (const action of ['dynamodb:BatchWriteItem', 'kms:GenerateDataKeyWithoutPlaintext'])
      expect(holders(action)).toEqual(['privacy']);
    expect(holders('dynamodb:BatchGetItem')).toEqual(['privacy', ...REVEAL]);
    for (const key of [revealKey('r'), erasureKey('e'), forgetRequestKey('f')])
      expect(may('privacy', 's3:PutObject', objectArn(key))).toBe(true);
    expect(may('operator', 's3:PutObject', objectArn(erasureKey('e')))).toBe(false);
    // A request goes when it is over, and its approval; nothing that says what was done does.
    for (const key of [forgetRequestKey('f'), forgetApprovalKey('f')])
      expect(may('privacy', 's3:DeleteObject', objectArn(key))).toBe(true);
    for (const key of [forgetEndKey('f'), erasureKey('e'), revealKey('r')])
      expect(may('privacy', 's3:DeleteObject', objectArn(key))).toBe(false);
  });

  test('has what was adopted removed by one function, and removes nothing of Bronze herself', () => {
    const erase = 'arn:aws:lambda:eu-west-1:111122223333:function:assay-staging-erase';
    expect(PEOPLE.filter((who) => may(who, 'lambda:InvokeFunction', erase))).toEqual(['privacy']);
    const bronze = objectArn(bronzeKey(DATASET, '2024-05-01', 'a.csv'));
    for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion'])
      expect(PEOPLE.filter((who) => may(who, action, bronze))).toEqual([]);
    for (const key of [adoptionKey(DATASET, RUN), adoptedCorrectionsKey(DATASET, RUN, 'd')])
      expect(may('privacy', 's3:DeleteObject', objectArn(key))).toBe(true);
    for (const key of [
      migrationKey(DATASET, RUN),
      migrationOutcomeKey(DATASET, RUN),
      adoptionRecordKey(DATASET, RUN),
    ])
      expect(may('privacy', 's3:DeleteObject', objectArn(key))).toBe(false);
  });

  test('or one data group to read with: its key of KMS, and of the vault’s own what finds keys by references', () => {
    // In the platform's template they are imports from the lake's, by names that say which they are.
    const arnOf = (group: string): string => {
      const [arn = ''] = [...statementsOf(staging, 'assay-staging-privacy')]
        .flatMap(({ Resource }: { Resource: unknown }) => [Resource].flat().map(textOf))
        .filter((one) => one.includes(group === '' ? 'Keyvault' : `Keyvault${group}`))
        .sort((a, b) => a.length - b.length);
      return arn;
    };
    const opens = (who: string, group: string, shard: string): boolean =>
      matches(statementsOf(staging, `assay-staging-${who}`), 'Allow', {
        action: 'kms:Decrypt',
        resource: arnOf(group),
        context: { 'kms:EncryptionContext:assay:shard': shard },
      });
    expect(new Set(['', 'contact', 'identity', 'ids', 'notes'].map(arnOf)).size).toBe(5);
    expect(opens('reveal-contact', 'contact', 'group/contact/3f')).toBe(true);
    for (const group of ['identity', 'ids', 'notes'])
      expect(opens('reveal-contact', group, `group/${group}/3f`)).toBe(false);
    expect(opens('reveal-contact', '', 'secrets/references')).toBe(true);
    // Who a person's id belongs to, and records that nobody could parse, are no data group's.
    for (const shard of ['secrets/pepper', 'people/3f', 'group/assay.line/3f'])
      expect([opens('reveal-contact', '', shard), opens('privacy', '', shard)]).toEqual([false, true]);
    expect(may('reveal-contact', 's3:PutObject', objectArn(revealKey('r')))).toBe(true);
    expect(may('reveal-contact', 's3:PutObject', objectArn(erasureKey('e')))).toBe(false);
  });

  test('sources put files into the landing bucket, and nobody of the people reads them there', () => {
    const landed = 'arn:aws:s3:::assay-staging-landing-111122223333-eu-west-1/shop/customers/june.csv';
    expect(PEOPLE.filter((who) => may(who, 's3:PutObject', landed))).toEqual(['source']);
    for (const action of ['s3:GetObject', 's3:DeleteObject'])
      expect(PEOPLE.filter((who) => may(who, action, landed))).toEqual([]);
  });
});

describe('policies of events', () => {
  const table = 'arn:aws:dynamodb:eu-west-1:111122223333:table/assay-staging-policies';
  const others = ['operator', 'analyst', 'source', 'operator-query', 'caretaker', 'privacy'];
  test.each(['GetItem', 'Query', 'PutItem'])(
    'are for who has event-policies: %s, and nobody else',
    (action) => {
      expect(may('event-policies', `dynamodb:${action}`, table)).toBe(true);
      for (const who of others) expect([who, may(who, `dynamodb:${action}`, table)]).toEqual([who, false]);
    },
  );

  test.each(['DeleteItem', 'UpdateItem', 'Scan', 'DeleteTable'])('are never removed: no %s', (action) => {
    expect(may('event-policies', `dynamodb:${action}`, table)).toBe(false);
    expect(may('event-policies', 'dynamodb:PutItem', table.replace('policies', 'vault'))).toBe(false);
  });
});
