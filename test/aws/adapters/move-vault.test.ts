import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dynamoVault } from '../../../adapters/aws/vault/dynamo-vault.ts';
import { contentsOfVault, fillVault } from '../../../adapters/aws/vault/move-vault.ts';
import { openParts } from '../../../adapters/aws/vault/open-vault.ts';
import { exportContents, exportVault } from '../../../adapters/local/vault/export-vault.ts';
import { createVault, openVault } from '../../../adapters/local/vault/folder-vault.ts';
import { importVault, readExported } from '../../../adapters/local/vault/import-vault.ts';
import type { Vault, VaultUpkeep } from '../../../etl/privacy/vault.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { newRoot, placeOf } from '../../adapters/vault/support.ts';
import { dynamo, kms, makePlace, wrappingKeys } from './test-vault.ts';

/** A vault moves from a folder to AWS and into a folder again: the same keys, the same people forgotten, the same months gone. */

const GROUPS = ['contact', 'birth'];
const DATED = new Date('2026-11-01T00:00:00Z');
const PEOPLE = Array.from({ length: 30 }, (_, n) => ({ kind: 'customer', id: `C-${n}`, dated: DATED }));
const BEN = { kind: 'customer', id: 'ben', dated: DATED };
const COLUMN = { dataset: 'shop.customers', column: 'mail', group: 'contact' };
const MONTH = { dataset: 'shop.customers', group: 'contact', period: '202611' };
const OLD = { ...MONTH, period: '202001' };

let temp: Awaited<ReturnType<typeof tempFolder>>;
let aws: Awaited<ReturnType<typeof makePlace>>;
beforeAll(async () => {
  temp = await tempFolder();
  aws = await makePlace(await wrappingKeys(...GROUPS));
});
afterAll(async () => {
  await temp.dispose();
  await aws.dispose();
  dynamo.destroy();
  kms.destroy();
});

/** All that envelopes, names and verdicts are made of. */
async function heldBy(vault: Vault & VaultUpkeep) {
  return {
    people: await vault.subjects([...PEOPLE, BEN], GROUPS),
    months: await vault.periodKeys([MONTH, OLD], 'make'),
    columns: [...(await vault.columns())].sort(),
    names: await vault.fileNames('shop.customers', ['0'.repeat(64)]),
  };
}

test('from a folder to AWS and back, each with a key of its own', async () => {
  const from = placeOf({ folder: path.join(temp.folder, 'from') });
  await createVault(from);
  const first = openVault(from);
  await first.subjects([...PEOPLE, BEN], GROUPS);
  await first.columnIds([COLUMN]);
  await first.periodKeys([MONTH, OLD], 'make');
  const word = { by: 'Vera', reason: 'letter' };
  await first.forget(BEN, { ...word, until: new Date('2036-01-01T00:00:00Z') });
  await first.destroyPeriods([OLD], word);
  const held = await heldBy(first);
  expect([held.people.at(-1), held.months[1]]).toEqual([{ kind: 'forgotten' }, undefined]);

  const [travels, receiver] = [path.join(temp.folder, 'a.avex'), newRoot()];
  await exportVault(from, travels, receiver);
  const parts = openParts(aws.place);
  await fillVault(parts, await readExported(travels, receiver));
  expect(await heldBy(dynamoVault(aws.place))).toEqual(held);
  await expect(readExported(travels, newRoot())).rejects.toMatchObject({ code: 'VAULT_KEY_WRONG' });
  await expect(fillVault(parts, await readExported(travels, receiver))).rejects.toMatchObject({
    code: 'VAULT_EXISTS',
  });

  // Whom it forgets itself is not in what it hands on either.
  await dynamoVault(aws.place).forget(PEOPLE[0] ?? BEN, { ...word, until: new Date('2036-01-01T00:00:00Z') });
  const [back, to] = [path.join(temp.folder, 'b.avex'), placeOf({ folder: path.join(temp.folder, 'to') })];
  await exportContents(await contentsOfVault(parts), back, { receiver: to.root, now: aws.clock.now() });
  await importVault(to, back);
  const last = await heldBy(openVault(to));
  expect(last).toEqual({ ...held, people: [{ kind: 'forgotten' }, ...held.people.slice(1)] });
});
