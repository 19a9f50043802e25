import { once } from 'node:events';
import { mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AlertChannels } from '../../adapters/local/alerts.ts';
import { guarded, storageError } from '../../adapters/local/file-errors.ts';
import { initLake, type Lake, openLake } from '../../adapters/local/lake.ts';
import { ownedName } from '../../adapters/local/owner.ts';
import type { Alert } from '../../etl/ports.ts';
import { tempFolder } from './temp-folder.ts';

let folder: string;
let dispose: () => Promise<void>;
beforeEach(async () => {
  ({ folder, dispose } = await tempFolder());
});
afterEach(() => dispose());

const lakeIn = async (alerts: AlertChannels = {}): Promise<Lake> => {
  await initLake(path.join(folder, 'lake'));
  return await openLake(path.join(folder, 'lake'), {
    contractsDir: path.join(folder, 'contracts'),
    sqlDir: path.join(folder, 'sql'),
    alerts,
  });
};

describe('lake', () => {
  test('a folder that is no lake is refused, with the command that makes it one', async () => {
    await expect(openLake(folder, { contractsDir: folder, sqlDir: folder })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'NOT_A_LAKE',
      message: expect.stringContaining(`assay init --lake ${folder}`),
    });
  });

  test('making a lake twice keeps the first one, its secret readable by its owner alone', async () => {
    const clock = { now: () => new Date('2024-05-01T00:00:00Z') };
    expect(await initLake(folder, clock)).toEqual({ root: folder, created: true });
    const file = path.join(folder, 'assay-lake.json');
    const settings = await readFile(file, 'utf8');
    expect(JSON.parse(settings)).toEqual({
      format: 1,
      createdAt: '2024-05-01T00:00:00.000Z',
      digestKey: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await initLake(folder)).toEqual({ root: folder, created: false });
    expect(await readFile(file, 'utf8')).toBe(settings);
  });

  test.each(['{"format":2}', 'not json', ''])('settings that read %j are a ConfigError', async (text) => {
    await writeFile(path.join(folder, 'assay-lake.json'), text);
    await expect(openLake(folder, { contractsDir: folder, sqlDir: folder })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'LAKE_FORMAT',
    });
  });

  test('the effects carry the lake secret and bounds for the engine', async () => {
    const { effects } = await lakeIn();
    const { digestKey } = JSON.parse(await readFile(path.join(folder, 'lake/assay-lake.json'), 'utf8'));
    expect(effects.digestKey()).toBe(digestKey);
    expect(effects.engine.memoryLimitMb).toBe(600);
    expect(effects.engine.threads).toBeGreaterThan(0);
    const [before, now, after] = [Date.now(), effects.clock.now().getTime(), Date.now()];
    expect([before <= now, now <= after]).toEqual([true, true]);
  });
});

describe('scratch', () => {
  test('files are written, read back, removed and gone with the scratch space', async () => {
    const { effects } = await lakeIn();
    const scratch = await effects.openScratch('refine');
    expect(path.basename(scratch.directory)).toMatch(new RegExp(`^refine-${process.pid}-`));
    const file = await scratch.create('chunk.csv');
    await file.write(Buffer.from('one,'));
    await file.write(Buffer.from('two'));
    await file.close();
    await file.close();
    const pieces = [];
    for await (const piece of scratch.read(file.path)) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('one,two');
    await scratch.remove(file.path);
    await expect(stat(file.path)).rejects.toMatchObject({ code: 'ENOENT' });
    await scratch.create('left open');
    await scratch.dispose();
    await scratch.dispose();
    await expect(stat(scratch.directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a name or path outside the scratch space is refused', async () => {
    const { effects } = await lakeIn();
    const scratch = await effects.openScratch('../../refine');
    expect(path.dirname(scratch.directory)).toBe(path.join(folder, 'lake/.scratch'));
    for (const name of ['../x', 'a/b', '..', '']) {
      await expect(scratch.create(name)).rejects.toMatchObject({ code: 'SCRATCH_NAME' });
    }
    for (const file of [folder, scratch.directory, path.join(scratch.directory, '../x')]) {
      await expect(scratch.remove(file)).rejects.toMatchObject({ code: 'SCRATCH_NAME' });
    }
  });

  test('opening one removes what dead processes left, and keeps what living ones use', async () => {
    const { effects } = await lakeIn();
    const mine = await effects.openScratch('plan');
    const dead = path.join(folder, 'lake/.scratch', ownedName('seal').replace(/-\d+-/, `-${2 ** 22 + 1}-`));
    await mkdir(dead);
    await writeFile(path.join(dead, 'x'), '');
    const other = await effects.openScratch('refine');
    expect((await readdir(path.join(folder, 'lake/.scratch'))).sort()).toEqual(
      [mine, other].map((scratch) => path.basename(scratch.directory)).sort(),
    );
  });
});

describe('contract source', () => {
  test('contracts are found at any depth, ordered, through links, without hidden files', async () => {
    for (const file of [
      'spend/b.yaml',
      'spend/a.yml',
      'a.yaml',
      'spend/notes.md',
      '.git/c.yaml',
      'spend/.d.yaml',
    ]) {
      await mkdir(path.join(folder, 'contracts', path.dirname(file)), { recursive: true });
      await writeFile(path.join(folder, 'contracts', file), `text of ${file}`);
    }
    await symlink(path.join(folder, 'contracts/a.yaml'), path.join(folder, 'contracts/linked.yaml'));
    const { effects } = await lakeIn();
    const found = await effects.contracts.list();
    expect(found.map((contract) => contract.file)).toEqual([
      'a.yaml',
      'linked.yaml',
      'spend/a.yml',
      'spend/b.yaml',
    ]);
    expect(found[3]?.text).toBe('text of spend/b.yaml');
  });

  test('a missing contracts folder and text that is not UTF-8 are ConfigErrors', async () => {
    const { effects } = await lakeIn();
    await expect(effects.contracts.list()).rejects.toMatchObject({ code: 'NO_CONTRACTS' });
    await mkdir(path.join(folder, 'contracts'));
    await writeFile(path.join(folder, 'contracts/a.yaml'), Buffer.from([0xff, 0xfe, 0x41]));
    await expect(effects.contracts.list()).rejects.toMatchObject({ code: 'TEXT_ENCODING' });
  });

  test('SQL is read by name, and only below its folder', async () => {
    await mkdir(path.join(folder, 'sql/finance'), { recursive: true });
    await writeFile(path.join(folder, 'sql/finance/t.sql'), 'SELECT 1');
    await writeFile(path.join(folder, 'secret.sql'), '');
    const { effects } = await lakeIn();
    expect(await effects.contracts.sql('finance/t.sql')).toBe('SELECT 1');
    for (const name of ['../secret.sql', '/etc/passwd', 'finance', '']) {
      await expect(effects.contracts.sql(name)).rejects.toMatchObject({ code: 'SQL_NAME' });
    }
    await expect(effects.contracts.sql('finance/u.sql')).rejects.toMatchObject({ code: 'SQL_MISSING' });
  });
});

describe('alerts', () => {
  const alert: Alert = {
    kind: 'run-held',
    dataset: 'spend.council_payments',
    runId: 'run-1',
    at: '2024-05-01T00:00:00Z',
    title: 'Held: 7 % of the records are quarantined',
    readersSee: 'the snapshot of 1 April',
    nextCommand: 'assay approve run-1',
    details: {},
  };
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });
  /** A webhook that answers with this status, or never; and what it was sent. */
  const webhook = async (status: number | 'never'): Promise<{ url: string; bodies: string[] }> => {
    const bodies: string[] = [];
    server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      bodies.push(body);
      if (status !== 'never') response.writeHead(status).end('ok');
    }).listen(0);
    await once(server, 'listening');
    return { url: `http://localhost:${(server.address() as AddressInfo).port}/secret-path`, bodies };
  };

  test('an alert becomes one document, however often it is sent, and is announced each time', async () => {
    const { url, bodies } = await webhook(200);
    const seen: Alert[] = [];
    const { effects } = await lakeIn({ webhookUrl: url, onAlert: (one) => seen.push(one) });
    await effects.alerts.send(alert);
    await effects.alerts.send({ ...alert, title: 'again' });
    expect(await effects.objects.list('ops/alerts/')).toHaveLength(1);
    const stored = await effects.objects.get('ops/alerts/run-1-run-held.json');
    expect(JSON.parse(Buffer.from(stored?.body ?? []).toString())).toEqual(alert);
    expect(seen).toHaveLength(2);
    expect(bodies).toHaveLength(2);
    expect(JSON.parse(bodies[0] ?? '').text).toBe(
      [
        'Held: 7 % of the records are quarantined',
        'Dataset spend.council_payments, run run-1, 2024-05-01T00:00:00Z',
        'Readers see: the snapshot of 1 April',
        'Next: assay approve run-1',
      ].join('\n'),
    );
  });

  test.each([[500 as const], ['never' as const]])(
    'a webhook that answers %s does not fail the run',
    async (status) => {
      const { url } = await webhook(status);
      const failures: string[] = [];
      const { effects } = await lakeIn({
        webhookUrl: url,
        webhookTimeoutMs: 200,
        onWebhookFailure: (reason) => failures.push(reason),
      });
      await effects.alerts.send(alert);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toContain('localhost');
      expect(failures[0]).not.toContain('secret-path');
      expect(await effects.objects.list('ops/alerts/')).toHaveLength(1);
    },
  );

  test('an alert that cannot be stored is announced all the same, then fails', async () => {
    const seen: Alert[] = [];
    const { effects } = await lakeIn({ onAlert: (one) => seen.push(one) });
    await writeFile(path.join(folder, 'lake/ops'), 'in the way');
    await expect(effects.alerts.send(alert)).rejects.toMatchObject({ name: 'ConfigError' });
    expect(seen).toEqual([alert]);
  });

  test('a webhook that is no web address is a ConfigError which does not repeat it', async () => {
    await expect(lakeIn({ webhookUrl: 'hooks.example/secret' })).rejects.toMatchObject({
      code: 'WEBHOOK_URL',
      message: expect.not.stringContaining('secret'),
    });
  });
});

describe('storage errors', () => {
  test('a full disk is a TransientError that says what to do', async () => {
    const full = await open('/dev/full', 'w');
    const writing = guarded('writing ops/a.json', () => full.writeFile('x'));
    await expect(writing).rejects.toMatchObject({
      name: 'TransientError',
      message: 'Failed writing ops/a.json (ENOSPC). The disk is full: free space, then run again.',
    });
    await full.close();
  });

  test.each([
    ['EIO', 'TransientError'],
    ['EMFILE', 'TransientError'],
    ['EACCES', 'ConfigError'],
    ['EROFS', 'ConfigError'],
    ['ENOENT', 'DataError'],
  ])('%s is a %s', (code, name) => {
    expect(storageError(Object.assign(new Error('x'), { code, syscall: 'open' }), 'x')).toMatchObject({
      name,
    });
  });

  test('any other error stays as it is', () => {
    for (const error of [
      new Error('x'),
      Object.assign(new Error('x'), { code: 'ENOSPC' }),
      'text',
      undefined,
    ]) {
      expect(storageError(error, 'x')).toBe(error);
    }
  });
});
