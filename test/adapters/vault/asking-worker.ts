import { writeSync } from 'node:fs';
import { createVault, openVault } from '../../../adapters/local/vault/folder-vault.ts';
import { rootKeysOf } from '../../../adapters/local/vault/root-keys.ts';
import { memoryLog } from './support.ts';

/**
 * A process of its own that asks a vault for subjects: `<folder> <root key> <times>`, ten new ones each time, as any
 * other process of the same arguments does. Prints `id reference key`, a line each, once the vault has answered.
 */
const [folder = '', key = '', times = '0'] = process.argv.slice(2);
const place = { folder, root: rootKeysOf(key, 'a test'), log: memoryLog(), clock: { now: () => new Date() } };
await createVault(place);
const vault = openVault(place);

for (let time = 0; time < Number(times); time++) {
  const asked = Array.from({ length: 10 }, (_, n) => ({
    kind: 'customer',
    id: String(time * 10 + n),
    dated: new Date(),
  }));
  const found = await vault.subjects(asked, ['contact']);
  for (const [n, one] of found.entries()) {
    const given =
      one.kind === 'known' ? `${one.reference} ${Buffer.from(one.keys[0] ?? []).toString('hex')}` : '- -';
    writeSync(1, `${asked[n]?.id} ${given}\n`);
  }
}
