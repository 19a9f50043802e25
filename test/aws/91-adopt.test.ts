import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { openAwsLake } from '../../adapters/aws/aws-lake.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { bronzePrefix } from '../../etl/naming/bronze.ts';
import { type Vacuumed, vacuum } from '../../etl/operations/vacuum.ts';
import { assay as runAssay, startAssay } from '../cli/assay.ts';
import { ErrorJson, QuarantineListJson, RunsJson } from '../cli/shapes.ts';
import { paymentsContract, TOTALS, TOTALS_SQL } from '../personal/adopted-shop.ts';
import { storedZip } from '../support/stored-zip.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables, runScript } from './support/read-tables.ts';
import { contractsWith, deployContracts } from './support/redeploy.ts';
import { until } from './support/until.ts';

/**
 * A deployed dataset with a history in the clear: records are let go, and then its contract protects it, and it is adopted.
 * What every version of every object says is read by boto3 and pyarrow, what readers see by PyIceberg. After 90, since other
 * contracts stay deployed.
 */

const DATASET = 'shop.payments';
const LIMIT_MS = 400_000;
const FINDER = fileURLToPath(new URL('readers/find_values.py', import.meta.url));
const LISTER = fileURLToPath(new URL('readers/list_versions.py', import.meta.url));
const WORD = ['--reason', 'personal since version 2', '--by', 'ann'];

/** Values that stand nowhere else; ids are left in the clear by the contract, so that whoever looks has to find them. */
const TAG = randomUUID().replaceAll('-', '').slice(0, 10);
const planted: string[] = [];
const plant = (what: string): string => {
  const value = `${what}-${TAG}-${planted.length}`;
  planted.push(value);
  return value;
};
const id = (n: number): string => `paid-${TAG}-${n}`;
const line = (n: number, { mail = `${plant('mail')}@example.org`, more = '' } = {}): string =>
  `${id(n)},${plant('who')},${mail},${plant('code')},${plant('secret')},2026-05-0${(n % 8) + 1},${n}.00${more}`;
const file = (...lines: string[]): string => `id,customer,mail,code,secret,day,amount\n${lines.join('\n')}\n`;

let platform: Platform;
let folder: string;
let since: number;
let deployed: Awaited<ReturnType<typeof contractsWith>>;
let stackName: string;
let officer: Record<string, string>;
let operator: Record<string, string>;
let before: Awaited<ReturnType<typeof figures>>;

beforeAll(async () => {
  platform = await connect('adopt');
  folder = await mkdtemp(path.join(tmpdir(), 'assay-adopt-'));
  since = Math.floor(Date.now() / 1000);
  await mkdir(path.join(folder, 'contracts/shop'), { recursive: true });
  await mkdir(path.join(folder, 'sql/gold/shop'), { recursive: true });
  await writeFile(path.join(folder, 'contracts/shop/totals.yaml'), TOTALS);
  await writeFile(path.join(folder, 'sql/gold/shop/totals.sql'), TOTALS_SQL);
  await deploy('clear', '1.0.0', `Assay-adopt-1-${TAG}`);
  const may = file(
    ...[1, 2, 3].map((n) => line(n)),
    line(4, { mail: plant('no mail') }),
    line(5, { mail: plant('nor this') }),
    line(6, { more: `,${plant('a comma too many')}` }),
  );
  const zip = storedZip({ 'a.csv': file(line(7), line(8)), 'b.csv': file(line(9)) });
  await dropAndSettle({ 'may.csv': may }, ['may.csv']);
  await dropAndSettle({ 'again.csv': may, 'both.zip': zip }, [
    'again.csv',
    'both.zip#a.csv',
    'both.zip#b.csv',
  ]);
}, 2 * LIMIT_MS);
afterAll(async () => {
  await deployed?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Deploys the contract of payments; the groups of data are those that have keys of KMS there. */
async function deploy(as: 'clear' | 'protected', version: string, name: string): Promise<void> {
  const contract = paymentsContract(as, version).replaceAll('who', 'identity');
  await writeFile(path.join(folder, 'contracts/shop/payments.yaml'), contract);
  await deployed?.remove();
  deployed = await contractsWith(folder);
  stackName = name;
  await deployContracts(platform.session, stackName, deployed);
  const team = ['operator', 'operator-query', 'caretaker'] as const;
  officer = await person('adopt-officer', [...team, 'privacy'], stackName);
  operator = await person('adopt-operator', team, stackName);
}

/** Every function starts anew with its new code, which takes a while on a busy machine. */
async function dropAndSettle(files: Readonly<Record<string, string | Buffer>>, names: readonly string[]) {
  const [key = ''] = await platform.drop(DATASET, files);
  const day = key.slice(0, key.lastIndexOf('/') + 1);
  return await platform.settled(
    DATASET,
    names.map((name) => day + name),
    LIMIT_MS,
  );
}

const where = (): string[] => {
  const { contractsDir: contracts, sqlDir: sql } = deployed;
  return ['--target', 'aws', '--stack', stackName, '--contracts', contracts, '--sql', sql, '--json'];
};

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, out, err } = await runAssay([...args, ...where()], { cwd: folder, env: officer });
  if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return JSON.parse(out);
}

async function failed(env: Record<string, string>, ...args: readonly string[]) {
  const { code, out } = await runAssay([...args, ...where()], { cwd: folder, env });
  return { exit: code, ...ErrorJson.parse(JSON.parse(out)).error };
}

const Looked = z.object({
  found: z.array(z.object({ where: z.string(), value: z.string(), form: z.string() })),
});

/** Where values stand: every version of every object, every table, log, execution and query since the beginning. */
async function lookFor(values: readonly string[]): Promise<z.infer<typeof Looked>['found']> {
  const { url: endpoint, python } = platform.session;
  const request = { endpoint, values, since, folders: [] };
  return Looked.parse(JSON.parse(await runScript(python, FINDER, JSON.stringify(request)))).found;
}
/** Kinds of places, of the lake's buckets. */
const placesOf = (found: z.infer<typeof Looked>['found']): string[] =>
  [
    ...new Set(found.map(({ where: place }) => /^s3:\/\/assay-staging-([a-z]+)/.exec(place)?.[1] ?? place)),
  ].sort();

/** What queries leave behind, as Athena and the service do: one result is replaced, one removed. */
async function leaveResults(): Promise<void> {
  const [s3, Bucket] = [new S3Client(), platform.session.outputs.ArtifactsBucket];
  const leave = (Key: string): Promise<unknown> =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: `mail\n${planted[1]}\n` }));
  for (const key of ['athena-results/operators/a.csv', 'athena-results/analysts/b.csv']) await leave(key);
  await leave('athena-results/operators/a.csv');
  await leave('service-answers/c.csv');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'athena-results/analysts/b.csv' }));
}

const Versions = z.array(
  z.object({ bucket: z.string(), key: z.string(), is_latest: z.boolean(), is_marker: z.boolean() }),
);
async function versions(...prefixes: string[]): Promise<z.infer<typeof Versions>> {
  const { url: endpoint, python } = platform.session;
  return Versions.parse(JSON.parse(await runScript(python, LISTER, JSON.stringify({ endpoint, prefixes }))));
}

/** What readers see who know nothing but Glue. */
async function figures() {
  const [silver, quarantine, gold] = await readTables(platform.session, [
    { table: platform.glueName('silver', DATASET), sums: ['amount'], rows: ['id', 'amount'] },
    { table: platform.glueName('quarantine', DATASET) },
    { table: platform.glueName('gold', 'shop.totals'), rows: ['payments', 'amount'] },
  ]);
  return { rows: silver?.rows, sums: silver?.sums, failed: quarantine?.count, gold: gold?.rows };
}

/** What nobody needs goes at once, without the hour that the command asks for at least. */
async function vacuumNow(): Promise<Vacuumed> {
  const { outputs } = platform.session;
  const { effects } = await openAwsLake({
    buckets: {
      bronze: outputs.BronzeBucket,
      silver: outputs.SilverBucket,
      gold: outputs.GoldBucket,
      quarantine: outputs.QuarantineBucket,
      ops: outputs.OpsBucket,
    },
    ...deployed,
    engine: { memoryLimitMb: 512, threads: 1 },
  });
  const contract = requireContract(await loadContracts(effects.contracts), DATASET);
  return await vacuum(effects, { contract, olderThanMs: 0, isDryRun: false });
}

test(
  'records that are let go are in no table and, after a vacuum, in no object but Bronze’s; for a while the buckets keep versions',
  async () => {
    const [list] = QuarantineListJson.parse(await json('quarantine', 'list', '--dataset', DATASET));
    const wrong = list?.records.filter(({ reasons }) => reasons.some(({ code }) => code === 'FORMAT_ERROR'));
    const [first] = wrong ?? [];
    const correction = [first?.record ?? '', `mail=${plant('mended')}@example.org`, '--dataset', DATASET];
    expect(await json('quarantine', 'correct', ...correction, ...WORD)).toMatchObject({
      runs: [{ status: 'promoted', counts: { silver: 1 } }],
    });
    before = await figures();
    const reject = planted.find((one) => one.startsWith('a comma')) ?? '';
    expect(placesOf(await lookFor([reject]))).toEqual(['bronze', 'ops', 'quarantine']);
    const valuesLeft = async (): Promise<number> => {
      const [table] = await readTables(platform.session, [
        { table: platform.glueName('quarantine', DATASET), rows: ['record', 'raw_text'] },
      ]);
      return (table?.rows ?? []).filter(({ record, raw_text: text }) => record !== null || text !== null)
        .length;
    };
    expect(await valuesLeft()).toBeGreaterThan(1);
    const term = ['expire', '--condemned', DATASET, '--older-than', '0d'];
    // The record that was corrected counts, too.
    const due = { datasets: [{ dataset: DATASET, records: 3 }] };
    expect(await json(...term)).toMatchObject({ ...due, isDryRun: true });
    expect(await valuesLeft()).toBeGreaterThan(1);
    expect(await json(...term, ...WORD)).toMatchObject({ ...due, refused: [] });
    expect(await valuesLeft()).toBe(0);
    expect(await json(...term, ...WORD)).toMatchObject({ datasets: [{ records: 0 }] });
    await vacuumNow();
    const places = (await lookFor([reject])).map(({ where: place }) => place);
    expect(places.filter((place) => !place.includes('/bronze/') && !place.endsWith('?earlier'))).toEqual([]);
    expect(places.filter((place) => place.endsWith('?earlier')).length).toBeGreaterThan(0);
    expect(await json('audit', '--dataset', DATASET)).toMatchObject([{ problems: [] }]);
    expect(await figures()).toEqual(before);
  },
  2 * LIMIT_MS,
);

test(
  'a contract that protects holds runs, and people are told to adopt',
  async () => {
    await leaveResults();
    await deploy('protected', '2.0.0', `Assay-adopt-2-${TAG}`);
    await platform.drop(DATASET, { 'late.csv': file(line(10)) });
    const [held] = await platform.inbox.heard(
      'of a run that is held',
      ({ kind, dataset, title }) => kind === 'run-held' && dataset === DATASET && title.includes('2.0.0'),
    );
    expect(held?.nextCommand).toBe('assay privacy adopt shop.payments');
    await platform.idle(DATASET);
    // Whoever looks for values finds them, wherever they are to go from.
    expect(placesOf(await lookFor(planted.slice(0, 3)))).toEqual([
      'artifacts',
      'bronze',
      'ops',
      'quarantine',
      'silver',
    ]);
  },
  2 * LIMIT_MS,
);

test(
  'only who has the vault adopts; what is not sealed is removed by nobody',
  async () => {
    expect(await json('privacy', 'adopt', DATASET)).toMatchObject({
      isMigration: true,
      files: 5,
      repeats: 1,
    });
    expect(await failed(operator, 'privacy', 'adopt', DATASET, ...WORD)).toMatchObject({
      code: 'AWS_DENIED',
    });
    const keys = (await versions(bronzePrefix(DATASET))).map(({ key }) => key);
    for (const request of [
      { kind: 'objects', dataset: DATASET, runId: '20260501T000000000Z-00000000', keys },
      { kind: 'history', dataset: DATASET, runId: '20260501T000000000Z-00000000' },
      {
        kind: 'objects',
        dataset: 'spend.council_payments',
        runId: 'none',
        keys: ['silver/spend/council_payments/_LATEST.json'],
      },
    ])
      expect(await platform.call('erase', request)).toMatchObject({ errorType: 'ConfigError' });
    expect((await versions(bronzePrefix(DATASET))).map(({ key }) => key)).toEqual(keys);
  },
  LIMIT_MS,
);

/** Starts an adoption and kills its process while it waits for its first sealed file to be written. */
async function killWhileSealing(): Promise<void> {
  const { faults } = platform;
  const id = await faults.add({
    meets: { method: 'PUT', path: '\\.sealed\\.csv' },
    action: { kind: 'hang' },
    times: 1,
  });
  const child = startAssay(['privacy', 'adopt', DATASET, ...WORD, ...where()], { cwd: folder, env: officer });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      told += String(text);
    });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const hasBegun = async (): Promise<boolean> => (await faults.struck(id)) === 1 || child.exitCode !== null;
  await until('a sealed file being written', hasBegun);
  child.kill('SIGKILL');
  expect([await ended, told]).toEqual([null, '']);
  await faults.clear();
}

test(
  'a dataset is adopted, though its process is killed and removing is refused on the way; figures stay',
  async () => {
    await killWhileSealing();
    expect(await figures()).toEqual(before);
    const refused = await platform.denying('erase', 's3:DeleteObjectVersion', () =>
      failed(officer, 'privacy', 'adopt', DATASET, ...WORD),
    );
    expect(refused).toMatchObject({ exit: 2, code: 'NOT_ERASED' });
    expect(await json('privacy', 'adopt', DATASET, ...WORD)).toMatchObject({
      record: { by: 'ann', files: expect.any(Array) },
    });
    expect(await figures()).toEqual(before);
    expect((await platform.pointer('silver', DATASET))?.generation).toBe(2);
    expect(await json('audit', '--dataset', DATASET)).toMatchObject([{ problems: [] }]);
    const runs = RunsJson.parse(await json('run', '--dataset', DATASET));
    expect(runs).toMatchObject([{ status: 'promoted', counts: { silver: 1 } }]);
  },
  3 * LIMIT_MS,
);

test(
  'no version of any object holds a value any more, and of Bronze nothing is left but what is sealed',
  async () => {
    const found = await lookFor([...planted, id(1)]);
    expect(found.filter(({ value }) => value !== id(1))).toEqual([]);
    expect(placesOf(found)).toEqual(expect.arrayContaining(['bronze', 'silver']));
    const bronze = await versions(bronzePrefix(DATASET));
    // Of two with the same bytes there is one.
    expect(bronze.length).toBe(4);
    for (const one of bronze)
      expect(one).toMatchObject({
        key: expect.stringMatching(/\.sealed\.csv$/),
        is_marker: false,
        is_latest: true,
      });
    expect(await versions('athena-results/', 'service-answers/')).toEqual([]);
    const mails = ['query', `SELECT mail FROM silver.shop_payments WHERE id = '${id(1)}'`];
    const shown = await json(...mails, '--reveal', 'contact', ...WORD, '--engine', 'local');
    expect(planted.some((value) => JSON.stringify(shown).includes(`${value}@example.org`))).toBe(true);
  },
  LIMIT_MS,
);
