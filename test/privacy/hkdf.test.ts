import { hkdfSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Sodium } from '../../etl/privacy/sodium.ts';

test('keys are those of OpenSSL, whatever was derived before and between', async () => {
  const [sodium, other] = [await Sodium.open(), await Sodium.open()];
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const purpose = fc.stringMatching(/^[!-~]{0,40}$/);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, key, fc.array(purpose, { maxLength: 3 })), { maxLength: 4 }),
      (all) => {
        const secrets = all.map(([first, second]) => sodium.extract(first, second));
        // Once in their order, once back, so that each secret is come to again.
        for (const n of [...all.keys(), ...[...all.keys()].reverse()]) {
          const [first, second, purposes] = all[n] ?? [new Uint8Array(), new Uint8Array(), []];
          for (const info of purposes) {
            const expected = Buffer.from(hkdfSync('sha512', Buffer.concat([first, second]), '', info, 64));
            expect(Buffer.from(sodium.expand(secrets[n] ?? first, info)).equals(expected)).toBe(true);
            expect(Buffer.from(other.expand(secrets[n] ?? first, info)).equals(expected)).toBe(true);
            sodium.seal(sodium.expand(secrets[n] ?? first, info), 'header.', info);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
  sodium.dispose();
  other.dispose();
});
