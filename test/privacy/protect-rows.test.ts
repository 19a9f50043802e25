import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createVault, openVault } from '../../adapters/local/vault/folder-vault.ts';
import { type OpenedCell, openCells } from '../../etl/privacy/open-cells.ts';
import { FORGOTTEN, openRowProtector, type RowProtector } from '../../etl/privacy/protect-rows.ts';
import type { PlannedCell, ProtectionPlan, Row } from '../../etl/privacy/protection-plan.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import type { Vault, VaultUpkeep } from '../../etl/privacy/vault.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { handClock, placeOf } from '../adapters/vault/support.ts';

const PLAIN = { decimal: '.', symbols: [], parentheses: false } as const;
const integer = { type: { kind: 'long' }, number: PLAIN } as const;
const isNull = (cell: string): boolean => ['', 'n/a'].includes(cell.trim());
const day = (text: string | undefined): Date | undefined =>
  /^\d{4}-\d\d-\d\d$/.test(text ?? '') ? new Date(`${text}T00:00:00Z`) : undefined;
const cell = (place: number, name: string, group: string, more: Partial<PlannedCell> = {}): PlannedCell => ({
  ...{ place, name, group, isNull, as: 'encrypted', subject: 0 },
  ...more,
});

/** customer, payee, date, amount, name, mail, payee's name, note */
const PLAN: ProtectionPlan = {
  dataset: 'shop.payments',
  subjects: [
    { kind: 'customer', place: 0, column: integer },
    { kind: 'payee', place: 1, column: integer },
  ],
  cells: [
    cell(0, 'customer', 'ids', { as: 'pseudonym' }),
    cell(1, 'payee', 'ids', { as: 'pseudonym', subject: 1 }),
    cell(4, 'name', 'contact'),
    cell(5, 'mail', 'contact'),
    cell(6, 'payee_name', 'payees', { subject: 1 }),
  ],
  dropped: [7],
  retention: { property: 'retention', value: 2, unit: 'y' },
  counted: { place: 2, of: day },
  dated: { place: 2, of: day },
};
const ANN = [
  '1',
  '91',
  '2026-10-05',
  '10.00',
  'Ann Archer-Planted',
  'ann@planted.example',
  'Pay Ee',
  'call her',
];
const ARRIVED = new Date('2026-11-29T10:00:00Z');
const FORGETTING = { by: 'Vera', reason: 'a letter', until: new Date('2040-01-01T00:00:00Z') };

let sodium: Sodium;
let folder: string;
let dispose: () => Promise<void>;
beforeAll(async () => {
  sodium = await Sodium.open();
  ({ folder, dispose } = await tempFolder());
});
afterAll(async () => {
  sodium.dispose();
  await dispose();
});

let vaults = 0;
async function newVault(): Promise<Vault & VaultUpkeep> {
  const place = placeOf({
    folder: path.join(folder, String(vaults++)),
    clock: handClock(ARRIVED.toISOString()),
  });
  await createVault(place);
  return openVault(place);
}

async function protect(vault: Vault, rows: readonly Row[], plan = PLAN): Promise<readonly Row[]> {
  return await protectedBy(await openRowProtector({ plan, vault, sodium, arrived: ARRIVED }), rows);
}

/** The rows with the changed cells in their places. */
async function protectedBy(protector: RowProtector, rows: readonly Row[]): Promise<readonly Row[]> {
  const prepared = await protector.prepare(rows);
  return rows.map((row, n) => {
    const out = [...row];
    for (const [place, text] of prepared.changes(n)) out[place] = text;
    return out;
  });
}

const open = async (
  vault: Vault,
  row: Row | undefined,
  groups?: ReadonlySet<string>,
): Promise<readonly OpenedCell[]> =>
  await openCells({ vault, sodium, ...(groups === undefined ? {} : { groups }) })(row ?? []);

const clear = (text: string) => ({ kind: 'clear', text });
const [PLAIN_CELL, GONE] = [{ kind: 'plain' }, { kind: 'gone' }];

describe('a protected row', () => {
  test('has envelopes and references in the place of what is protected, and the rest as it was', async () => {
    const vault = await newVault();
    const [row = [], blanks = []] = await protect(vault, [
      ANN,
      ['1', '92', '2026-10-06', '5.00', ' ', 'n/a', '', 'x'],
    ]);
    for (const planted of ['Archer', 'planted', 'Pay Ee', 'call her'])
      expect(row.join()).not.toContain(planted);
    expect(row).toHaveLength(ANN.length);
    expect(row.slice(2, 4)).toEqual(['2026-10-05', '10.00']);
    expect(row[0]).toMatch(/^[a-z2-7]{26}$/);
    expect(row[7]).toBe('');
    expect(row[4]).toContain(`.${row[0]}.202610.`);
    expect(row[6]).toContain(`.${row[1]}.202610.`);
    expect(blanks).toEqual([row[0], blanks[1], '2026-10-06', '5.00', ' ', 'n/a', '', '']);
    expect(await open(vault, row)).toEqual([
      ...[PLAIN_CELL, PLAIN_CELL, PLAIN_CELL, PLAIN_CELL],
      ...[clear('Ann Archer-Planted'), clear('ann@planted.example'), clear('Pay Ee'), PLAIN_CELL],
    ]);
  });

  test('shows a data group to those who have it, and no other', async () => {
    const vault = await newVault();
    const [row = []] = await protect(vault, [ANN]);
    const seen = await open(vault, row, new Set(['payees']));
    expect(seen.slice(4, 7)).toEqual([GONE, GONE, clear('Pay Ee')]);
  });

  test('is the same for the same row, in whatever order and batches rows come', async () => {
    const vault = await newVault();
    const row = fc.tuple(
      fc.constantFrom('1', '01', '2', 'x', ''),
      fc.constantFrom('91', '92'),
      fc.constantFrom('2026-10-05', '2026-09-30', 'n/a', '2031-01-01', '2020-01-01'),
      fc.constant('1.00'),
      fc.constantFrom('Ann', 'Ben', ''),
      fc.constantFrom('a@b.example', 'a@b.example '),
      fc.constantFrom('P', 'Q'),
      fc.constant('note'),
    );
    const seen = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), fc.nat(12), async (rows, cut) => {
        const batches = [rows.slice(0, cut), rows.slice(cut)];
        const protector = await openRowProtector({ plan: PLAN, vault, sodium, arrived: ARRIVED });
        for (const batch of batches) {
          for (const [n, out] of (await protectedBy(protector, batch)).entries()) {
            const given = JSON.stringify(batch[n]);
            expect(out.join('|')).toBe(seen.get(given) ?? out.join('|'));
            seen.set(given, out.join('|'));
          }
        }
      }),
      { numRuns: 20 },
    );
    expect(new Set([...seen.values()]).size).toBeGreaterThan(50);
  });

  test('of the same subject has one reference, however its id is written, in every dataset; equal values differ by period', async () => {
    const vault = await newVault();
    const [one, other] = await protect(vault, [
      ANN,
      ['0001', ...ANN.slice(1, 2), '2026-09-05', ...ANN.slice(3)],
    ]);
    const [third] = await protect(vault, [ANN], { ...PLAN, dataset: 'shop.returns' });
    expect(new Set([one?.[0], other?.[0], third?.[0]]).size).toBe(1);
    expect(new Set([one?.[4], other?.[4], third?.[4]]).size).toBe(3);
  });

  test('that names nobody has a key of its own, and opens all the same', async () => {
    const vault = await newVault();
    const nobody = ['nobody-1', '', ...ANN.slice(2)];
    const [row = [], again, other] = await protect(vault, [
      nobody,
      nobody,
      ['nobody-2', '', ...ANN.slice(2)],
    ]);
    expect(again).toEqual(row);
    expect(row.join()).not.toContain('nobody-1');
    expect(other?.[4]).not.toBe(row[4]);
    const opened = await open(vault, row);
    expect([opened[0], opened[4]]).toEqual([clear('nobody-1'), clear('Ann Archer-Planted')]);
    expect(row[1]).toBe('');
  });

  test('past its retention has envelopes that nothing opens, and no key is made for it', async () => {
    const vault = await newVault();
    const [past, last] = await protect(vault, [
      [...ANN.slice(0, 2), '2024-10-31', ...ANN.slice(3)],
      [...ANN.slice(0, 2), '2024-11-01', ...ANN.slice(3)],
    ]);
    expect(past?.[4]).toMatch(/\.202410\.$/);
    expect((await open(vault, past))[4]).toEqual(GONE);
    expect((await open(vault, last))[4]).toEqual(clear('Ann Archer-Planted'));
    expect((await vault.periods()).map(({ period }) => period)).not.toContain('202410');
  });

  test('of which a cell was changed is told apart from one whose keys are gone', async () => {
    const vault = await newVault();
    const [row = []] = await protect(vault, [ANN]);
    const [name = '', mail = ''] = row.slice(4, 6);
    const swapped = name.slice(0, name.lastIndexOf('.')) + mail.slice(mail.lastIndexOf('.'));
    const [tampered] = await open(vault, [swapped]);
    expect(tampered).toEqual({ kind: 'tampered' });
  });
});

describe('forgetting', () => {
  test('leaves nothing of the person readable, all of everybody else, and every sum', async () => {
    const vault = await newVault();
    const BEN = ['2', ...ANN.slice(1, 4), 'Ben', 'ben@planted.example', 'Pay Ee', ''];
    const [ann = [], ben = []] = await protect(vault, [ANN, BEN]);
    await vault.forget({ kind: 'customer', id: '1' }, FORGETTING);
    // What is in Bronze: the payee's name is the payee's.
    expect((await open(vault, ann)).slice(4, 7)).toEqual([GONE, GONE, clear('Pay Ee')]);
    expect((await open(vault, ben)).slice(4, 6)).toEqual([clear('Ben'), clear('ben@planted.example')]);
    // The same file once more, and a row that has no time: nothing comes back.
    const [again = [], undated = [], benAgain] = await protect(vault, [
      ANN,
      [...ANN.slice(0, 2), '?', ...ANN.slice(3)],
      BEN,
    ]);
    expect(again).toEqual([FORGOTTEN, ann[1], '2026-10-05', '10.00', FORGOTTEN, FORGOTTEN, ann[6], '']);
    expect(undated[4]).toBe(FORGOTTEN);
    expect(benAgain).toEqual(ben);
    // A row that came to be later is another person's.
    const later = [...ANN.slice(0, 2), '2026-12-24', ...ANN.slice(3)];
    const [christmas = []] = await protectedBy(
      await openRowProtector({ plan: PLAN, vault, sodium, arrived: new Date('2026-12-25T00:00:00Z') }),
      [later],
    );
    expect(christmas[0]).not.toBe(ann[0]);
    expect((await open(vault, christmas))[4]).toEqual(clear('Ann Archer-Planted'));
  });

  test('of a period leaves every other one', async () => {
    const vault = await newVault();
    const september = [...ANN.slice(0, 2), '2026-09-30', ...ANN.slice(3)];
    const [october, earlier] = await protect(vault, [ANN, september]);
    await vault.destroyPeriods(
      [{ dataset: 'shop.payments', group: 'contact', period: '202610' }],
      FORGETTING,
    );
    expect((await open(vault, october)).slice(4, 7)).toEqual([GONE, GONE, clear('Pay Ee')]);
    expect((await open(vault, earlier))[4]).toEqual(clear('Ann Archer-Planted'));
    const [again] = await protect(vault, [ANN]);
    expect(again?.[4]).toMatch(/\.202610\.$/);
  });
});
