import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AthenaClient, CreateWorkGroupCommand } from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, GetTablesCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openAwsLake } from '../../adapters/aws/aws-lake.ts';
import type { LakeBuckets } from '../../adapters/aws/lake-buckets.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { sealKey } from '../../etl/naming/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import { Seal } from '../../etl/stages/documents.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { cloudEnvironment } from '../aws/support/emulator.ts';
import { testLake } from '../stages/harness.ts';
import { runStages } from '../stages/run-stages.ts';
import { contractOf, csvOf, expectedRows, NAMES, sample } from './support/samples.ts';
import { readSession } from './support/session.ts';

/**
 * A run whose lake is on S3, and whose rows that may share a key are found by Athena: the API is an emulator's, the SQL is
 * answered by DuckDB over what PyIceberg reads. What Athena itself says isn't tried.
 */

const DATASET = 'lab.samples';
const DATABASE = 'assay_scale_sets';
const WORKGROUP = 'assay-scale-sets';
const KEYS = NAMES.filter((name) => name !== 'yes');
const CONTRACT = contractOf(KEYS, 'replace');
const BUCKETS: LakeBuckets = {
  bronze: 'scale-bronze',
  silver: 'scale-silver',
  gold: 'scale-gold',
  quarantine: 'scale-quarantine',
  ops: 'scale-ops',
};

const { cloud } = readSession();
let folder: Awaited<ReturnType<typeof tempFolder>>;
let effects: Effects;
let put: (name: string, text: string) => Promise<void>;

beforeAll(async () => {
  folder = await tempFolder();
  Object.assign(process.env, cloudEnvironment(cloud));
  const s3 = new S3Client({ forcePathStyle: true });
  for (const Bucket of Object.values(BUCKETS)) await s3.send(new CreateBucketCommand({ Bucket }));
  const [contractsDir, sqlDir] = [path.join(folder.folder, 'contracts'), path.join(folder.folder, 'sql')];
  for (const made of [contractsDir, sqlDir]) await mkdir(made);
  await writeFile(path.join(contractsDir, 'samples.yaml'), CONTRACT);
  await new GlueClient().send(new CreateDatabaseCommand({ DatabaseInput: { Name: DATABASE } }));
  await new AthenaClient().send(
    new CreateWorkGroupCommand({
      Name: WORKGROUP,
      Configuration: { ResultConfiguration: { OutputLocation: 's3://scale-ops/athena-results/' } },
    }),
  );
  const lake = await openAwsLake({
    buckets: BUCKETS,
    contractsDir,
    sqlDir,
    projectionsDir: path.join(folder.folder, 'projections'),
    digestKey: 'a key of digests',
    engine: { memoryLimitMb: 500, threads: 2 },
    localFolder: path.join(folder.folder, 'local'),
    sets: { workgroup: WORKGROUP, database: DATABASE, fromBytes: 1 },
  });
  effects = { ...lake.effects, alerts: { send: async () => {} }, catalog: { follow: async () => {} } };
  put = async (name, text) => {
    const Key = bronzeKey(DATASET, '2024-06-01', name);
    await s3.send(new PutObjectCommand({ Bucket: BUCKETS.bronze, Key, Body: text }));
  };
});
afterAll(() => folder?.dispose());

test('Athena finds the rows that have equal keys, and the seal is that of DuckDB on a disk', async () => {
  const [first = [], second = []] = fc.sample(fc.array(sample, { minLength: 30, maxLength: 40 }), {
    numRuns: 2,
    seed: 20261130,
  });
  const again = [...second, ...first.slice(0, 5)];
  const files = [csvOf(first), csvOf(again)];
  const once = bindStages(effects);
  const stages = {
    ...once,
    // A second try of the stage gets what the first one unloaded.
    seal: async (run: unknown) => {
      const before = await once.seal(run);
      expect(await once.seal(run)).toEqual(before);
      return before;
    },
  };
  const sealed: Seal[] = [];
  for (const [n, text] of files.entries()) {
    await put(`${n}.csv`, text);
    const run = { dataset: DATASET, runId: `run-${n}` };
    expect(await runStages(stages, effects.objects, run)).toBe('done');
    sealed.push(await getDocument(effects.objects, sealKey(DATASET, '1.0.0', run.runId), Seal));
  }
  const [, found] = sealed;
  expect(found?.sets).toMatchObject({ engine: 'athena', rows: expectedRows(KEYS, first, again) });
  const lake = await testLake({ contracts: [CONTRACT] });
  try {
    const digests = [];
    for (const [n, text] of files.entries())
      digests.push((await lake.dropAndRun({ [`${n}.csv`]: text })).seal?.digest);
    expect(sealed.map(({ digest }) => digest)).toEqual(digests);
  } finally {
    await lake.dispose();
  }
});

test('no table is left in the database of questions', async () => {
  const { TableList = [] } = await new GlueClient().send(new GetTablesCommand({ DatabaseName: DATABASE }));
  expect(TableList).toEqual([]);
});
