import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ingestFiles } from '../../adapters/local/ingest-files.ts';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { importVault } from '../../adapters/local/vault/import-vault.ts';
import { createRootKeyFile } from '../../adapters/local/vault/root-keys.ts';
import { vaultPlace } from '../../adapters/local/vault/vault-place.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Finished } from '../cli/assay.ts';
import { ErrorJson } from '../cli/shapes.ts';
import { assay as runAssay } from './support/assay.ts';
import { figuresOf } from './support/embedded.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables, runScript } from './support/read-tables.ts';
import { holderOf } from './support/role-double.ts';
import { addPerson, openWindow } from './support/service-client.ts';
import { CUSTOMERS, type PlantedFile, plantedFile } from './support/shop.ts';
import { until } from './support/until.ts';

/**
 * A protected dataset on the deployed platform, from the landing bucket to the certificate: what a source drops, what the
 * deployed functions make of it, and what privacy officers do, each with just the policies that are deployed for them.
 */

const execFileAsync = promisify(execFile);
const FINDER = fileURLToPath(new URL('readers/find_values.py', import.meta.url));

let platform: Platform;
let folder: string;
let planted: PlantedFile;
let since: number;
let source: S3Client | undefined;
let run: RunRecord;
let bronzeKey: string;
let officer: Record<string, string>;
let operator: Record<string, string>;

beforeAll(async () => {
  platform = await connect('privacy');
  folder = await mkdtemp(path.join(tmpdir(), 'assay-privacy-'));
  since = Math.floor(Date.now() / 1000);
  planted = plantedFile();
  officer = await person('privacy-officer', ['operator', 'operator-query', 'privacy']);
  operator = await person('privacy-operator', ['operator', 'operator-query']);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const assayAs = (env: Record<string, string>, ...args: string[]): Promise<Finished> =>
  runAssay([...args, '--target', 'aws'], { cwd: folder, env });
const assay = (...args: string[]): Promise<Finished> => assayAs(officer, ...args);

/** Runs a command that is to end well, and returns its JSON. */
async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await assay(...args, '--json');
  if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return JSON.parse(out);
}

const landed = async (): Promise<string[]> => {
  const Bucket = platform.session.outputs.LandingBucket;
  const { Contents = [] } = await new S3Client().send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = '' }) => Key).filter((key) => key.startsWith('shop/'));
};

/** Drops a file as its source does, and waits until it was protected, and judged where it was not known yet. */
async function dropLanded(name: string, text: string): Promise<void> {
  source ??= await holderOf('assay-staging-source', platform.session.url);
  const Bucket = platform.session.outputs.LandingBucket;
  await source.send(new PutObjectCommand({ Bucket, Key: `shop/customers/${name}`, Body: text }));
  await until(`${name} protected`, async () => (await landed()).length === 0);
}

const Looked = z.object({
  looked: z.record(z.string(), z.number()),
  found: z.array(z.object({ where: z.string(), value: z.string(), form: z.string() })),
});

/** Where values stand, of all that the platform keeps, and of all that its processes wrote on this machine's disk. */
async function lookFor(values: readonly string[]): Promise<z.infer<typeof Looked>> {
  const { url: endpoint, python, folder: disk } = platform.session;
  const request = { endpoint, values, since, folders: [disk] };
  return Looked.parse(JSON.parse(await runScript(python, FINDER, JSON.stringify(request))));
}

const rows = async (): Promise<Record<string, unknown>[]> => {
  const columns = ['customer_no', 'full_name', 'mail', 'birthday', 'city'];
  const [silver] = await readTables(platform.session, [
    { table: platform.glueName('silver', CUSTOMERS), rows: columns },
  ]);
  return (silver?.rows ?? []).filter(({ city }) => city === planted.city);
};

describe('a file that a source drops in the landing bucket', () => {
  test('is protected by the deployed function and judged by the workflow, and lies in the landing bucket no more', async () => {
    const known = await platform.records(CUSTOMERS);
    await dropLanded('planted.csv', planted.text);
    [run] = (await platform.recordsBeyond(CUSTOMERS, known)) as [RunRecord];
    bronzeKey = run.files[0]?.key ?? '';
    expect(bronzeKey).toMatch(/^bronze\/shop\/customers\/.*\/[a-z2-7]{26}\.sealed\.csv$/);
    expect(run).toMatchObject({ status: 'promoted', counts: { records: 9, silver: 5 } });
    expect(run.reasons).toEqual({ FORMAT_ERROR: 1, NULL_VALUE: 1, STRUCTURE_ERROR: 1, TYPE_ERROR: 1 });
  });

  test('is in Silver as envelopes and references, which an engine that knows nothing but Glue reads', async () => {
    const found = await rows();
    expect(found).toHaveLength(5);
    for (const row of found) {
      expect(row.customer_no).toMatch(/^[a-z2-7]{26}$/);
      for (const name of ['full_name', 'mail', 'birthday'])
        expect(row[name]).toMatch(new RegExp(`^~1\\.[a-z2-7]{8}\\.${row.customer_no}\\.202608\\.[\\w-]+$`));
    }
  });

  test('is nowhere in the clear: in no version of an object, table, log, execution, or file on disk', async () => {
    const { looked, found } = await lookFor([...planted.secrets, planted.city]);
    for (const kind of ['objects', 'items', 'lines', 'executions', 'files'])
      expect(looked[kind]).toBeGreaterThan(0);
    // What is left in the clear is found, where it has to be.
    const clear = found.filter(({ value }) => value === planted.city).map(({ where }) => where);
    for (const layer of ['bronze/', 'silver/', 'quarantine/'])
      expect(clear.filter((where) => where.includes(`/${layer}`))).not.toEqual([]);
    expect(found.filter(({ value }) => value !== planted.city)).toEqual([]);
  });
});

const WORD = ['--reason', 'a letter', '--by'];
const ofAnn = (): string[] => [planted.ann.id, '--kind', 'customer'];

/** Runs a command that is to fail, and returns its exit code and error. */
async function failed(env: Record<string, string>, ...args: string[]) {
  const { code, out } = await assayAs(env, ...args, '--json');
  return { exit: code, ...ErrorJson.parse(JSON.parse(out)).error };
}

/** The members of a zip, as Python's own library reads them. */
async function unzipped(file: string): Promise<Record<string, string>> {
  const read = `import json, sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))`;
  const { stdout } = await execFileAsync(platform.session.python, ['-c', read, file]);
  return z.record(z.string(), z.string()).parse(JSON.parse(stdout));
}

test('the same file with the vault moved to one machine becomes the same bytes there, and the same rows, verdicts and digest', async () => {
  const { contractsDir } = platform.session;
  const sqlDir = path.join(path.dirname(contractsDir), 'sql/gold');
  const root = path.join(folder, 'lake');
  await initLake(root);
  const [travels, keyFile] = [path.join(folder, 'vault.avex'), path.join(folder, 'receiver.key')];
  await createRootKeyFile(keyFile);
  await json('vault', 'export', travels, '--for-key-file', keyFile);
  const vault = { folder: path.join(folder, 'lake.vault'), keyFile };
  const lake = await openLake(root, { contractsDir, sqlDir, threads: 2, vault });
  await importVault(vaultPlace(root, lake.effects, vault), travels);
  const file = path.join(folder, 'another-name.csv');
  await writeFile(file, planted.text);
  const contract = requireSourceContract(await loadContracts(lake.effects.contracts), CUSTOMERS);
  const keys: string[] = [];
  for await (const done of ingestFiles(lake, contract, [{ file, links: 'refuse' }]))
    if (done.kind === 'ingested') keys.push(done.source.key);
  expect(keys).toEqual([bronzeKey]);
  const bytes = await readFile(path.join(root, bronzeKey));
  expect(bytes.equals((await platform.store.get(bronzeKey)) ?? new Uint8Array())).toBe(true);
  expect(figuresOf(await runOnce(CUSTOMERS, lake.effects))).toEqual(figuresOf(run));
});

describe('a privacy officer', () => {
  test('sees what is protected, and what the vault has keys of', async () => {
    expect(await json('privacy', 'map')).toContainEqual(
      expect.objectContaining({ dataset: CUSTOMERS, column: 'mail', as: 'encrypted', group: 'contact' }),
    );
    const status = await json('vault', 'status');
    expect(status).toMatchObject({ vault: 'assay-staging-vault', key: 'KMS', isDue: false });
    expect(status).toMatchObject({
      groups: expect.arrayContaining([expect.objectContaining({ dataset: CUSTOMERS, group: 'contact' })]),
    });
  });

  test('reveals a data group for a reason that is kept, and no other group', async () => {
    const sql = `SELECT mail, birthday FROM silver.shop_customers WHERE city = '${planted.city}' ORDER BY mail`;
    const asked = ['query', sql, '--reveal', 'contact', ...WORD, 'ann', '--engine', 'local'];
    const found = z.array(z.record(z.string(), z.string())).parse(await json(...asked));
    expect(found.map(({ mail }) => mail)).toContain(planted.ann.mail);
    expect(found.every(({ birthday }) => birthday?.startsWith('~1.'))).toBe(true);
    expect(await json('query', 'SELECT "by", reason FROM ops.reveals', '--engine', 'local')).toContainEqual({
      by: 'ann',
      reason: 'a letter',
    });
    // Athena has no keys.
    const { message } = await failed(officer, 'query', sql, '--reveal', 'contact', ...WORD, 'ann');
    expect(message).toContain('--engine local');
  });

  test('or somebody who holds one data group reveals that, and may open no other', async () => {
    const holder = await person('privacy-holder', ['operator', 'operator-query', 'reveal-contact']);
    const sql = `SELECT mail FROM silver.shop_customers WHERE city = '${planted.city}' ORDER BY mail`;
    const asked = (group: string) => ['query', sql, '--reveal', group, ...WORD, 'hal', '--engine', 'local'];
    const { code, out, err } = await assayAs(holder, ...asked('contact'), '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(planted.ann.mail);
    expect(
      await failed(holder, ...asked('identity').map((one) => one.replace('SELECT mail', 'SELECT full_name'))),
    ).toMatchObject({
      code: 'AWS_DENIED',
    });
  });

  test('hands out everything about a person', async () => {
    const out = path.join(folder, 'ann.zip');
    const done = await json('privacy', 'access', ...ofAnn(), ...WORD, 'ann', '--out', out);
    expect(done).toMatchObject({ kind: 'customer', records: 1 });
    const { [`${CUSTOMERS}.silver.csv`]: csv = '' } = await unzipped(out);
    for (const value of [planted.ann.name, planted.ann.mail, planted.ann.birthday])
      expect(csv).toContain(value);
  });

  test('finds no planted value in any byte of the lake', async () => {
    const file = path.join(folder, 'planted.txt');
    await writeFile(file, planted.secrets.join('\n'));
    const looked = await json('privacy', 'verify', '--value-file', file);
    expect(looked).toMatchObject({ values: planted.secrets.length, found: [] });
    // Other tests leave damaged files in other datasets.
    const { notRead } = z
      .looseObject({ notRead: z.array(z.looseObject({ file: z.string() })) })
      .parse(looked);
    expect(notRead.filter(({ file }) => file.includes('shop/customers'))).toEqual([]);
  });

  test('has a person forgotten with another’s approval: nothing of them opens, and no row or figure changes', async () => {
    const [before, seal] = [await rows(), (await platform.pointer('silver', CUSTOMERS))?.seal_digest];
    expect(await json('privacy', 'forget', ...ofAnn(), '--dry-run')).toMatchObject({ state: 'dry-run' });
    const asked = await json('privacy', 'forget', ...ofAnn(), ...WORD, 'ann');
    const { request } = z.looseObject({ request: z.string() }).parse(asked);
    const approve = ['privacy', 'forget', '--approve', request, ...WORD];
    expect(await failed(officer, ...approve, 'ann')).toMatchObject({ exit: 2, code: 'SAME_PERSON' });
    expect(await json(...approve, 'bob')).toMatchObject({ state: 'forgotten', approved: { by: 'bob' } });
    expect(await json('privacy', 'requests', request)).toMatchObject({ state: 'forgotten' });
    expect(await failed(officer, 'privacy', 'access', ...ofAnn(), ...WORD, 'ann')).toMatchObject({
      code: 'NOBODY',
    });
    const sql = `SELECT mail FROM silver.shop_customers WHERE city = '${planted.city}'`;
    const mails = await json('query', sql, '--reveal', 'contact', ...WORD, 'ann', '--engine', 'local');
    expect(JSON.stringify(mails)).not.toContain(planted.ann.mail);
    expect(JSON.stringify(mails)).toContain(planted.ben.mail);
    expect(await rows()).toEqual(before);
    expect((await platform.pointer('silver', CUSTOMERS))?.seal_digest).toBe(seal);
  });

  test('renews the vault: what was erased is gone from backups, too, once both halves are done', async () => {
    expect(await json('vault', 'renew')).toMatchObject({ vault: 'assay-staging-vault', isUnderWay: true });
    // Too early: other processes may still seal under the keys of before.
    expect(await json('vault', 'renew')).toMatchObject({ isUnderWay: true });
  });

  test('sees how people are forgotten; who is none reads no key', async () => {
    expect(await json('privacy', 'settings')).toEqual({ persons: 2, rememberYears: 10 });
    const ben = ['privacy', 'access', planted.ben.id, '--kind', 'customer', ...WORD, 'oz'];
    const denied = await failed(operator, ...ben);
    expect(denied).toMatchObject({ exit: 2, code: 'AWS_DENIED' });
    expect(denied.message).toMatch(/(dynamodb|kms):\w+ on /);
  });
});

describe('the service', () => {
  test('hands out and forgets for privacy officers, and reveals a record to members of a data group', async () => {
    const { outputs } = platform.session;
    const [sue, tom, eve] = await Promise.all([
      addPerson(outputs, `sue-${randomUUID()}`, ['privacy']),
      addPerson(outputs, `tom-${randomUUID()}`, ['privacy']),
      addPerson(outputs, `eve-${randomUUID()}`, ['steward', 'reveal:contact']),
    ]);
    const [asks, approves, reveals] = await Promise.all(
      [sue, tom, eve].map((one) => openWindow(outputs, one)),
    );
    if (asks === undefined || approves === undefined || reveals === undefined) throw new Error('no window');
    expect((await asks.page('/privacy')).text).toContain(CUSTOMERS);
    const ben = { kind: 'customer', id: planted.ben.id, reason: 'a letter' };
    expect(await asks.post('/v1/privacy/access', ben)).toMatchObject({
      status: 200,
      json: { records: expect.arrayContaining([expect.objectContaining({ dataset: CUSTOMERS })]) },
    });
    // A record that failed: its mail for members of the group, its birthday for nobody of these.
    const failing = await reveals.json(`/v1/datasets/${CUSTOMERS}/quarantine?limit=100`);
    const { records } = z
      .looseObject({ records: z.array(z.looseObject({ record: z.string(), reasons: z.unknown() })) })
      .parse(failing.json);
    const fay = records.find(({ reasons }) => JSON.stringify(reasons).includes('FORMAT_ERROR'));
    const at = `/v1/datasets/${CUSTOMERS}/quarantine/records/${fay?.record}/reveal`;
    const shown = await reveals.post(at, { reason: 'a call' });
    expect(shown).toMatchObject({ status: 200, json: { values: { mail: planted.fay } } });
    expect((shown.json as { sealed: string[] }).sealed).toContain('birthday');
    expect((await asks.post(at, { reason: 'a call' })).status).toBe(403);
    const asked = await asks.post('/v1/privacy/requests', ben);
    const { request } = z.looseObject({ request: z.string() }).parse(asked.json);
    const approval = { reason: 'checked' };
    expect((await asks.post(`/v1/privacy/requests/${request}/approve`, approval)).status).toBe(409);
    expect(await approves.post(`/v1/privacy/requests/${request}/approve`, approval)).toMatchObject({
      status: 200,
      json: { state: 'forgotten', approved: { by: tom.name } },
    });
    expect((await asks.post('/v1/privacy/access', ben)).status).toBe(404);
  });

  test('hands a file of a protected dataset that is sent to it on to protect, and keeps nothing of it', async () => {
    const { outputs } = platform.session;
    const opa = await openWindow(outputs, await addPerson(outputs, `opa-${randomUUID()}`, ['operator']));
    const sent = plantedFile();
    const begun = await opa.post('/v1/uploads', { dataset: CUSTOMERS, name: 'sent.csv' });
    const to = z
      .looseObject({ id: z.string(), url: z.string(), fields: z.record(z.string(), z.string()) })
      .parse(begun.json);
    const known = await platform.records(CUSTOMERS);
    expect((await opa.post(`/v1/uploads/${to.id}/complete`)).json).toMatchObject({ code: 'NOT_SENT' });
    const form = new FormData();
    for (const [name, value] of Object.entries(to.fields)) form.set(name, value);
    form.set('file', new Blob([sent.text]), 'sent.csv');
    const put = await fetch(to.url, { method: 'POST', body: form });
    expect(put.ok).toBe(true);
    expect(await opa.post(`/v1/uploads/${to.id}/complete`)).toMatchObject({
      status: 200,
      json: { dataset: CUSTOMERS, state: 'protecting', key: null },
    });
    const [more] = await platform.recordsBeyond(CUSTOMERS, known);
    expect(more).toMatchObject({ status: 'promoted', counts: { records: 9, silver: 5 } });
    await until('the landing bucket empty', async () => (await landed()).length === 0);
    const { found } = await lookFor([...sent.secrets, ...planted.secrets]);
    expect(found).toEqual([]);
  });
});

test('the same file once more, as the newest of its dataset, brings nothing back of who was forgotten', async () => {
  const known = await platform.records(CUSTOMERS);
  await dropLanded('again.csv', planted.text);
  const [again] = await platform.recordsBeyond(CUSTOMERS, known);
  expect(again).toMatchObject({ status: 'promoted', counts: { records: 9, silver: 3, forgotten: 2 } });
});
