import { randomBytes } from 'node:crypto';
import { chmod, cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createVault, openVault, type VaultPlace } from '../../../adapters/local/vault/folder-vault.ts';
import { createRootKeyFile, rootKeyFile, rootKeysOf } from '../../../adapters/local/vault/root-keys.ts';
import { tempFolder } from '../temp-folder.ts';
import { filesBelow, handClock, memoryLog, newRoot, placeOf } from './support.ts';
import { vaultSuite } from './vault-suite.ts';

const ANN = { kind: 'customer', id: 'ann@example.org', dated: new Date('2026-11-01T00:00:00Z') };
const BEN = { ...ANN, id: 'ben@example.org' };
const FORGETTING = { by: 'Vera', reason: 'letter of 3 November', until: new Date('2030-01-01T00:00:00Z') };

vaultSuite('folder', async (clock) => {
  const made = await tempFolder();
  const place = placeOf({ folder: path.join(made.folder, 'vault'), clock });
  expect(await createVault(place)).toBe(true);
  return { open: () => openVault(place), subjects: 5_000, dispose: made.dispose };
});

let folder: string;
let dispose: () => Promise<void>;
let place: VaultPlace;
let clock: ReturnType<typeof handClock>;
beforeEach(async () => {
  ({ folder, dispose } = await tempFolder());
  clock = handClock();
  place = placeOf({ folder: path.join(folder, 'vault'), clock });
  expect(await createVault(place)).toBe(true);
});
afterEach(() => dispose());

/** The one that the vault knows; the test fails where it is forgotten. */
async function known(of = ANN, groups = ['contact'], at = place) {
  const [found] = await openVault(at).subjects([of], groups);
  if (found?.kind !== 'known') throw new Error(`${of.id} is ${found?.kind}`);
  return found;
}

describe('a vault', () => {
  test('is its owner’s alone, and holds neither ids nor keys in the clear', async () => {
    const { keys, reference } = await known();
    const [period] = await openVault(place).periodKeys(
      [{ dataset: 'shop.orders', group: 'contact', period: '202611' }],
      'make',
    );
    await openVault(place).forget(BEN, FORGETTING);
    const files = await filesBelow(place.folder);
    expect(files.size).toBeGreaterThan(4);
    const secrets = [keys[0], period, ...(await place.root.read())].map((key) =>
      Buffer.from(key as Uint8Array),
    );
    for (const [name, bytes] of files) {
      const text = bytes.toString('latin1') + name;
      for (const hidden of ['ann@', 'customer', 'contact', 'shop', reference])
        expect(text).not.toContain(hidden);
      for (const secret of secrets)
        for (const form of ['latin1', 'hex', 'base64'] as const)
          expect(text).not.toContain(secret.toString(form));
      expect((await stat(path.join(place.folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(place.folder)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(place.folder, 'people'))).mode & 0o777).toBe(0o700);
  });
});

describe('whoever was forgotten', () => {
  test('does not come back from an older file of the vault, nor from an older copy of all of it', async () => {
    const { reference } = await known();
    const copy = path.join(folder, 'copy');
    await cp(place.folder, copy, { recursive: true });
    await openVault(place).forget(ANN, FORGETTING);
    for (const part of ['keys', 'people', '.']) {
      await cp(path.join(copy, part), path.join(place.folder, part), { recursive: true });
      expect(await openVault(place).subjectKeys([{ reference, group: 'contact' }])).toEqual([undefined]);
      expect(await openVault(place).subjects([ANN], ['contact'])).toEqual([{ kind: 'forgotten' }]);
    }
    // Without the log it would: the test can fail.
    const without = openVault({ ...place, log: memoryLog() });
    expect(await without.subjectKeys([{ reference, group: 'contact' }])).toEqual([expect.any(Uint8Array)]);
  });
});

test('a period’s key that was destroyed is never made again, also not by an older book', async () => {
  const vault = openVault(place);
  const november = { dataset: 'shop.orders', group: 'contact', period: '202611' };
  const [, december] = await vault.periodKeys([november, { ...november, period: '202612' }], 'make');
  const book = await readFile(path.join(place.folder, 'book'));
  expect(await vault.destroyPeriods([november], FORGETTING)).toHaveLength(1);
  expect(await vault.destroyPeriods([november], FORGETTING)).toEqual([]);
  const both = [november, { ...november, period: '202612' }];
  expect(await vault.periodKeys(both, 'make')).toEqual([undefined, december]);
  await writeFile(path.join(place.folder, 'book'), book);
  expect(await openVault(place).periodKeys(both, 'make')).toEqual([undefined, december]);
});

describe('a new key', () => {
  test('changes nothing but what older copies are worth', async () => {
    const keyFile = path.join(folder, 'apart', 'vault.key');
    expect(await createRootKeyFile(keyFile)).toBe(true);
    expect(await createRootKeyFile(keyFile)).toBe(false);
    const mine = { ...place, folder: path.join(folder, 'mine'), root: rootKeyFile(keyFile) };
    await createVault(mine);
    const ann = await known(ANN, ['contact'], mine);
    const olderKey = await readFile(keyFile, 'utf8');
    const copy = path.join(folder, 'copy');
    await cp(mine.folder, copy, { recursive: true });
    const open = openVault(mine);
    clock.set('2026-12-13T10:00:00Z');
    await openVault(mine).renewKey();
    expect(await open.renewedAt()).toEqual(new Date('2026-12-13T10:00:00Z'));
    expect(await open.subjects([ANN], ['contact'])).toEqual([ann]);
    expect(await known(ANN, ['contact'], mine)).toEqual(ann);
    // Neither opens the other's vault.
    expect(await readFile(keyFile, 'utf8')).not.toBe(olderKey);
    await expect(known(ANN, ['contact'], { ...mine, folder: copy })).rejects.toMatchObject({
      code: 'VAULT_KEY_WRONG',
    });
    const older = { ...mine, root: rootKeysOf(olderKey, 'a test') };
    await expect(known(ANN, ['contact'], older)).rejects.toMatchObject({ code: 'VAULT_KEY_WRONG' });
    // One older file among newer ones is told.
    await cp(path.join(copy, 'book'), path.join(mine.folder, 'book'));
    await expect(known(ANN, ['contact'], mine)).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
  });
});

describe('without its key', () => {
  test.each([
    ['another one', () => newRoot(), 'VAULT_KEY_WRONG'],
    ['a file that is missing', () => rootKeyFile(path.join(folder, 'no.key')), 'VAULT_KEY_MISSING'],
    ['a text that is none', () => rootKeysOf('secret', '$ASSAY_VAULT_KEY'), 'VAULT_KEY_MISSING'],
    ['nothing', () => rootKeysOf(' ', '$ASSAY_VAULT_KEY'), 'VAULT_KEY_MISSING'],
  ])('but with %s, a vault says so and stays as it is', async (_, root, code) => {
    await known();
    const before = await filesBelow(place.folder);
    const vault = openVault({ ...place, root: root() });
    const refused = expect.objectContaining({ name: 'ConfigError', code });
    await expect(vault.subjects([ANN], ['contact'])).rejects.toEqual(refused);
    await expect(vault.columnIds([{ dataset: 'a', column: 'b', group: 'c' }])).rejects.toEqual(refused);
    await expect(vault.forget(ANN, FORGETTING)).rejects.toEqual(refused);
    await expect(vault.renewKey()).rejects.toEqual(refused);
    const after = await filesBelow(place.folder);
    for (const [name, bytes] of before) if (!name.startsWith('turns')) expect(after.get(name)).toEqual(bytes);
    expect((await known()).kind).toBe('known');
  });

  test('others may not read the file of the key', async () => {
    const file = path.join(folder, 'vault.key');
    await writeFile(file, randomBytes(32).toString('hex'));
    await chmod(file, 0o640);
    await expect(rootKeyFile(file).read()).rejects.toMatchObject({ code: 'VAULT_KEY_EXPOSED' });
    await chmod(file, 0o600);
    expect(await rootKeyFile(file).read()).toHaveLength(1);
  });

  test('a vault that is not there, and one of which a byte is another, are told', async () => {
    await known();
    await expect(known(ANN, [], { ...place, folder: path.join(folder, 'none') })).rejects.toMatchObject({
      code: 'NO_VAULT',
    });
    const book = path.join(place.folder, 'book');
    const bytes = await readFile(book);
    for (const at of [0, 6, 20, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
      await writeFile(book, changed);
      await expect(known()).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    }
    await writeFile(book, bytes);
    const [shard = ''] = [...(await filesBelow(place.folder)).keys()].filter((name) =>
      name.startsWith('keys'),
    );
    await cp(book, path.join(place.folder, shard));
    await expect(known()).rejects.toMatchObject({ code: 'VAULT_DAMAGED' });
    await rm(path.join(place.folder, shard));
  });
});
