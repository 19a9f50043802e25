import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Vault, VaultUpkeep } from '../../../etl/privacy/vault.ts';
import { handClock } from './support.ts';

/** A vault that the suite is tried on. */
export interface VaultUnderTest {
  /** Opens it as another process does. */
  open(): Vault & VaultUpkeep;
  /** So many are asked for at once. */
  readonly subjects: number;
  dispose(): Promise<void>;
}

/** What every vault must do. `make` makes an empty one that sees the clock's time. */
export function vaultSuite(
  name: string,
  make: (clock: ReturnType<typeof handClock>) => Promise<VaultUnderTest>,
): void {
  describe(`a vault (${name})`, () => {
    const clock = handClock();
    let place: VaultUnderTest;
    beforeAll(async () => {
      place = await make(clock);
    });
    afterAll(() => place.dispose());

    // Each test has people of its own: one vault serves them all.
    let tests = 0;
    let ann: { kind: string; id: string; dated: Date };
    let ben: typeof ann;
    beforeEach(() => {
      tests++;
      clock.set('2026-11-29T10:00:00Z');
      const dated = new Date('2026-11-01T00:00:00Z');
      ann = { kind: 'customer', id: `ann-${tests}@example.org`, dated };
      ben = { ...ann, id: `ben-${tests}@example.org` };
    });
    const forgetting = {
      by: 'Vera',
      reason: 'letter of 3 November',
      until: new Date('2030-01-01T00:00:00Z'),
    };
    const known = async (of = ann, groups = ['contact']) => {
      const [found] = await place.open().subjects([of], groups);
      if (found?.kind !== 'known') throw new Error(`${of.id} is ${found?.kind}`);
      return found;
    };

    test('gives each subject one reference and each of its groups one key, for good', async () => {
      const vault = place.open();
      const [first, other, again] = await vault.subjects([ann, ben, ann], ['contact']);
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
      const more = await known(ann, ['birth', 'contact']);
      expect(first).toEqual({ kind: 'known', reference: more.reference, keys: [more.keys[1]] });
      expect(more.reference).toMatch(/^[a-z2-7]{26}$/);
      expect(more.keys.map(({ length }) => length)).toEqual([32, 32]);
      expect(more.keys[0]).not.toEqual(more.keys[1]);
      expect((await known({ ...ann, kind: 'employee' })).reference).not.toBe(more.reference);
      const asked = [
        { reference: more.reference, group: 'contact' },
        { reference: more.reference, group: 'health' },
        { reference: 'a'.repeat(26), group: 'contact' },
        { reference: '../../book', group: 'contact' },
        { reference: '', group: 'contact' },
      ];
      const nothing = Array.from({ length: 4 }, () => undefined);
      expect(await place.open().subjectKeys(asked)).toEqual([more.keys[1], ...nothing]);
    });

    test('gives columns one id, and periods one key', async () => {
      const vault = place.open();
      const columns = [
        { dataset: 'shop.orders', column: 'mail', group: 'contact' },
        { dataset: 'shop.orders', column: 'mail', group: 'marketing' },
        { dataset: '__proto__', column: 'constructor', group: 'to_string' },
      ];
      const ids = await vault.columnIds(columns);
      expect(new Set(ids).size).toBe(3);
      for (const id of ids) expect(id).toMatch(/^[a-z2-7]{8}$/);
      expect(await place.open().columnIds([...columns].reverse())).toEqual([...ids].reverse());
      expect((await vault.columns()).get(ids[1] ?? '')).toEqual(columns[1]);
      const period = { dataset: '__proto__', group: 'to_string', period: '202611' };
      expect(await vault.periodKeys([period], 'leave')).toEqual([undefined]);
      const [key, again] = await vault.periodKeys([period, period], 'make');
      expect(key).toHaveLength(32);
      expect(again).toEqual(key);
      const both = [period, { ...period, period: '202612' }];
      expect(await place.open().periodKeys(both, 'leave')).toEqual([key, undefined]);
      expect(await vault.periods()).toContainEqual(period);
    });

    test('names the bytes of source files alike for good, and otherwise for each dataset', async () => {
      const digests = ['a'.repeat(64), 'b'.repeat(64)];
      const names = await place.open().fileNames('shop.orders', digests);
      for (const name of names) expect(name).toMatch(/^[a-z2-7]{26}$/);
      expect(await place.open().fileNames('shop.orders', [...digests].reverse())).toEqual(
        [...names].reverse(),
      );
      const others = await place.open().fileNames('shop.customers', digests);
      expect(new Set([...names, ...others]).size).toBe(4);
    });

    test('holds many subjects, asked for at once in any order', async () => {
      const many = Array.from({ length: place.subjects }, (_, n) => ({ ...ann, id: `${tests}-${n}` }));
      const found = await place.open().subjects(many, ['contact', 'birth']);
      const again = await place.open().subjects([...many].reverse(), ['contact', 'birth']);
      expect([...again].reverse()).toEqual(found);
      expect(new Set(found.map((one) => (one.kind === 'known' ? one.reference : ''))).size).toBe(
        place.subjects,
      );
    });

    test('gives processes that ask at the same time the same', async () => {
      const many = Array.from({ length: 20 }, (_, n) => ({ ...ann, id: `${tests}-${n}` }));
      const period = { dataset: 'shop.orders', group: 'contact', period: '203001' };
      const column = { dataset: 'shop.orders', column: `c${tests}`, group: 'contact' };
      const asked = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const vault = place.open();
          return await Promise.all([
            vault.subjects(many, ['contact', 'birth']),
            vault.periodKeys([period], 'make'),
            vault.columnIds([column]),
          ]);
        }),
      );
      for (const one of asked) expect(one).toEqual(asked[0]);
    });

    test('knows older records of whoever was forgotten; newer ones are of another person', async () => {
      const before = await known();
      const other = await known(ben);
      const erasure = await place.open().forget(ann, forgetting);
      expect(erasure).toMatchObject({
        at: '2026-11-29T10:00:00.000Z',
        by: 'Vera',
        reason: 'letter of 3 November',
      });
      const asked = [{ reference: before.reference, group: 'contact' }];
      expect(await place.open().subjectKeys(asked)).toEqual([undefined]);
      expect(await place.open().subjects([ann], ['contact'])).toEqual([{ kind: 'forgotten' }]);
      expect(await place.open().forget(ann, forgetting)).toBeUndefined();
      const later = { ...ann, dated: new Date('2026-11-29T10:00:00.001Z') };
      const after = await known(later);
      expect(after.reference).not.toBe(before.reference);
      expect(after.keys).not.toEqual(before.keys);
      expect(await place.open().subjects([ann, later], ['contact'])).toEqual([{ kind: 'forgotten' }, after]);
      expect(await known(ben)).toEqual(other);
      // Forgotten once more: both are.
      clock.set('2027-01-01T00:00:00Z');
      expect(await place.open().forget(ann, forgetting)).toBeDefined();
      const both = Array.from({ length: 2 }, () => ({ kind: 'forgotten' }));
      expect(await place.open().subjects([ann, later], ['contact'])).toEqual(both);
    });

    test('takes a forgotten id for another person’s once the tombstone has ended', async () => {
      await known();
      await place.open().forget(ann, forgetting);
      clock.set('2029-12-31T23:59:59Z');
      await place.open().renewKey();
      expect(await place.open().subjects([ann], ['contact'])).toEqual([{ kind: 'forgotten' }]);
      clock.set('2030-01-01T00:00:00Z');
      await place.open().renewKey();
      expect((await known()).kind).toBe('known');
    });

    test('forgets whom references stand for as if by the id, and nobody else', async () => {
      const [before, other] = [await known(), await known(ben)];
      const asked = [
        { reference: before.reference, id: `named-${tests}-1` },
        { reference: 'a'.repeat(26), id: `named-${tests}-2` },
        { reference: '', id: `named-${tests}-3` },
      ];
      const erasures = await place.open().forgetReferences(asked, forgetting);
      expect(erasures.map(({ id }) => id)).toEqual([`named-${tests}-1`]);
      const keys = [before, other].map(({ reference }) => ({ reference, group: 'contact' }));
      expect(await place.open().subjectKeys(keys)).toEqual([undefined, other.keys[0]]);
      expect(await place.open().subjects([ann], ['contact'])).toEqual([{ kind: 'forgotten' }]);
      expect(await known(ben)).toEqual(other);
      expect(await place.open().forgetReferences(asked, forgetting)).toEqual([]);
    });

    test('forgets in every process that has it open', async () => {
      const other = place.open();
      const [found] = await other.subjects([ann], ['contact']);
      const asked = [{ reference: found?.kind === 'known' ? found.reference : '', group: 'contact' }];
      expect(await other.subjectKeys(asked)).toEqual([expect.any(Uint8Array)]);
      await place.open().forget(ann, forgetting);
      expect(await other.subjectKeys(asked)).toEqual([undefined]);
    });

    test('never makes the key of a period again that was destroyed', async () => {
      const vault = place.open();
      const november = { dataset: `shop.d${tests}`, group: 'contact', period: '202611' };
      const both = [november, { ...november, period: '202612' }];
      const [, december] = await vault.periodKeys(both, 'make');
      expect(await vault.destroyPeriods([november], forgetting)).toHaveLength(1);
      expect(await vault.destroyPeriods([november], forgetting)).toEqual([]);
      expect(await vault.periodKeys(both, 'make')).toEqual([undefined, december]);
      expect(await place.open().periodKeys(both, 'make')).toEqual([undefined, december]);
      expect(await vault.periods()).not.toContainEqual(november);
    });

    test('gives the same keys after it was sealed anew', async () => {
      const before = await known(ann, ['contact', 'birth']);
      await place.open().forget(ben, forgetting);
      for (const at of ['2031-02-01T00:00:00Z', '2031-02-02T00:00:00Z', '2031-02-03T00:00:00Z']) {
        clock.set(at);
        await place.open().renewKey();
      }
      const renewed = await place.open().renewedAt();
      expect(renewed.getTime()).toBeGreaterThanOrEqual(Date.parse('2031-02-01T00:00:00Z'));
      expect(await known(ann, ['contact', 'birth'])).toEqual(before);
    });
  });
}
