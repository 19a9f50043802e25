import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lineageRunId } from '../../etl/openlineage/event.ts';
import { kindsOf, readSpec } from '../openlineage/spec-faults.ts';
import { lineageAnswers, lineageOf, lineageTold } from './support/lineage-server.ts';
import { connect, type Platform } from './support/platform.ts';
import { transactions } from './support/transactions.ts';
import { until } from './support/until.ts';

/** What a lineage server hears of the platform's runs; it is told of those of all tests. */

const DATASET = 'mortgages.transactions';

let platform: Platform;
let url: string;

beforeAll(async () => {
  platform = await connect('lineage');
  url = platform.session.outputs.LineageUrl;
  await setKey('a-lineage-key');
});
afterAll(async () => {
  await lineageAnswers(url, 200);
  await setKey('not set');
});

const setKey = (SecretString: string) =>
  new SecretsManagerClient().send(
    new PutSecretValueCommand({ SecretId: 'assay/staging/openlineage-key', SecretString }),
  );

test('a run and the Gold tables that follow are told, with the key that was put into the secret', async () => {
  const [record] = await platform.dropAndSettle(DATASET, { 'traced.csv': transactions('traced', 120) });
  const { runId = '', counts } = record ?? {};
  const events = await lineageOf(url, DATASET, runId);
  expect(kindsOf(events)).toEqual([`START ${DATASET}`, `COMPLETE ${DATASET}`]);
  const [, complete] = events;
  expect(complete?.job.namespace).toBe('assay-staging');
  const { BronzeBucket, SilverBucket } = platform.session.outputs;
  expect(complete?.inputs).toMatchObject([
    {
      namespace: `s3://${BronzeBucket}`,
      name: 'bronze/mortgages/transactions',
      inputFacets: { dataQualityMetrics: { rowCount: counts?.records, fileCount: 1 } },
    },
  ]);
  expect(complete?.outputs[0]).toMatchObject({
    namespace: `s3://${SilverBucket}`,
    name: 'silver/mortgages/transactions',
    outputFacets: { outputStatistics: { rowCount: counts?.silver } },
  });
  const id = lineageRunId(DATASET, runId);
  const gold = await until('the Gold tables of the run', async () => {
    const told = (await lineageTold(url)).filter(({ event }) => {
      const parent = event.run.facets.parent as { run?: { runId?: string } } | undefined;
      return parent?.run?.runId === id;
    });
    return told.length > 1 && told;
  });
  expect(kindsOf(gold.map(({ event }) => event))).toContain('COMPLETE finance.account_balances');
  expect(new Set(gold.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer a-lineage-key']));
});

test('every event of every run fits the schemas of the standard', async () => {
  const faultsOf = await readSpec();
  const told = await lineageTold(url);
  expect(told.length).toBeGreaterThan(3);
  expect(told.flatMap(({ event }) => faultsOf(event))).toEqual([]);
});

test('a server that takes nothing fails no run', async () => {
  await lineageAnswers(url, 500);
  const [record] = await platform.dropAndSettle(DATASET, { 'untraced.csv': transactions('untraced', 120) });
  expect(record?.status).toBe('promoted');
});
