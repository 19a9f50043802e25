import * as crypto from 'node:crypto';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';

/** How many digests were begun. */
let digests = 0;

// The adapter gets Node's own functions; digests are only counted.
jest.unstable_mockModule('node:crypto', () => ({
  ...crypto,
  createHmac: (algorithm: string, key: Uint8Array) => {
    digests++;
    return crypto.createHmac(algorithm, key);
  },
}));
const { createVault, openVault } = await import('../../../adapters/local/vault/folder-vault.ts');
const { tempFolder } = await import('../temp-folder.ts');
const { placeOf } = await import('./support.ts');

const PEOPLE = 3_000;
const person = (n: number) => ({
  ...{ kind: 'customer', id: `c${n}`, dated: new Date('2026-11-01T00:00:00Z') },
});
const FORGETTING = { by: 'Vera', reason: 'a letter', until: new Date('2040-01-01T00:00:00Z') };

test('after many were forgotten, finding others and making new ones takes no look at everybody', async () => {
  const { folder, dispose } = await tempFolder();
  try {
    const place = placeOf({ folder: path.join(folder, 'vault') });
    await createVault(place);
    const vault = openVault(place);
    const all = Array.from({ length: PEOPLE }, (_, n) => person(n));
    const found = await vault.subjects(all, ['contact']);
    const references = found.flatMap((one) => (one.kind === 'known' ? [one.reference] : []));
    for (let n = 0; n < 40; n++) {
      digests = 0;
      await vault.forget(person(n), FORGETTING);
      // The people of the shard that is written, some twentieth of all, and a few beside.
      expect(digests).toBeLessThan(PEOPLE / 8);
    }
    digests = 0;
    const asked = references.map((reference) => ({ reference, group: 'contact' }));
    const keys = await vault.subjectKeys(asked.slice(30, 50));
    expect(keys.map((key) => key === undefined)).toEqual(Array.from({ length: 20 }, (_, n) => n < 10));
    expect(digests).toBeLessThan(100);
    // What this process wrote itself is known to be without them.
    await vault.subjects([person(PEOPLE)], ['contact']);
    digests = 0;
    await vault.subjects(
      Array.from({ length: 200 }, (_, n) => person(PEOPLE + 1 + n)),
      ['contact'],
    );
    expect(digests).toBeLessThan(PEOPLE / 8);
    const others = await openVault(place).subjectKeys(asked);
    expect(others.filter((key) => key === undefined)).toHaveLength(40);
  } finally {
    await dispose();
  }
});
