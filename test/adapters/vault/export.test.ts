import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { exportVault } from '../../../adapters/local/vault/export-vault.ts';
import { createVault, openVault } from '../../../adapters/local/vault/folder-vault.ts';
import { importVault } from '../../../adapters/local/vault/import-vault.ts';
import { tempFolder } from '../temp-folder.ts';
import { newRoot, placeOf } from './support.ts';

const GROUPS = ['ids', 'contact'];
const named = (id: string) => ({ kind: 'customer', id, dated: new Date('2026-10-01') });

test('what was forgotten or destroyed is in no export; the rest is the same for the receiver', async () => {
  const { folder, dispose } = await tempFolder();
  const place = placeOf({ folder: path.join(folder, 'one') });
  await createVault(place);
  const vault = openVault(place);
  const [anna, ben] = await vault.subjects([named('1'), named('2')], GROUPS);
  const periods = ['202609', '202610'].map((period) => ({
    dataset: 'shop.orders',
    group: 'contact',
    period,
  }));
  const [, kept] = await vault.periodKeys(periods, 'make');
  const origin = { by: 'test', reason: 'test' };
  await vault.forget({ kind: 'customer', id: '1' }, { ...origin, until: new Date('2027-01-01') });
  await vault.destroyPeriods(periods.slice(0, 1), origin);

  const [file, root] = [path.join(folder, 'vault.avex'), newRoot()];
  await exportVault(place, file, root);
  const other = placeOf({ folder: path.join(folder, 'two'), root });
  await importVault(other, file);
  const received = openVault(other);
  expect(await received.subjects([named('1'), named('2')], GROUPS)).toEqual([{ kind: 'forgotten' }, ben]);
  expect(await received.periodKeys(periods, 'make')).toEqual([undefined, kept]);
  expect(await received.columns()).toEqual(await vault.columns());
  const digests = [randomBytes(32).toString('hex')];
  expect(await received.fileNames('shop.orders', digests)).toEqual(
    await vault.fileNames('shop.orders', digests),
  );
  expect(await received.fileNames('shop.lines', digests)).not.toEqual(
    await vault.fileNames('shop.orders', digests),
  );
  if (anna?.kind !== 'known') throw new Error('was not known');
  const gone = { reference: anna.reference, group: 'contact' };
  expect(await received.subjectKeys([gone])).toEqual([undefined]);

  // Nothing of it is there in the clear, and nobody's file is written over.
  const bytes = await readFile(file);
  for (const key of [...(ben?.kind === 'known' ? ben.keys : []), kept as Uint8Array])
    expect(bytes.includes(Buffer.from(key))).toBe(false);
  await expect(exportVault(place, file, root)).rejects.toThrow(/vault\.avex/);
  await dispose();
});
