import { afterEach, expect, test } from '@jest/globals';
import { requireProjection } from '../../etl/asking/require-projection.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { followProjection } from '../../etl/following/follow-projection.ts';
import { nextChanges, type Told } from '../../etl/following/next-changes.ts';
import { parsePlace, placeText } from '../../etl/following/place.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { refreshOne } from '../../etl/stages/refresh-projections.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { saleEvent, saleFile } from '../eventstore/sales.ts';
import { heldTotals, salesLake, salesProjection } from '../projecting/sales-lake.ts';
import type { TestLake } from '../stages/harness.ts';

/** What followers are told, judged by plain sums over the events that were put in. */

let lake: TestLake;
afterEach(() => lake.dispose());

const contractOf = async () =>
  requireProjection(requireContract(await loadContracts(lake.lake.effects.contracts), 'shop.totals'));

const followed = async (most = 1000) => followProjection(lake.lake.effects, await contractOf(), most);

/** What a follower holds who knew some rows and was told of changes. */
type Held = Map<string, unknown>;
function hold(held: Held, told: readonly Told[]): void {
  for (const one of told) {
    if (one.kind !== 'change') continue;
    const { stream, version, rows } = one.change;
    if (rows.length === 0) held.delete(stream);
    else held.set(stream, { version, ...rows[0] });
  }
}

const streamsOf = (told: readonly Told[]): string[] =>
  told.flatMap((one) => (one.kind === 'change' ? [one.change.stream] : []));

const A = [saleEvent('s1', 1, 'e1'), saleEvent('s1', 3, 'e3', '2.50'), saleEvent('s2', 1, 'e4')];
const B = [saleEvent('s1', 2, 'e2', '4.25'), saleEvent('s3', 1, 'e5')];
const C = [saleEvent('s2', 2, 'e6', '0.05'), saleEvent('s4', 1, 'e7'), saleEvent('s5', 1, 'e8')];

test('followers are told of each stream that changed, once, wherever they were cut off', async () => {
  lake = await salesLake();
  const { effects } = lake.lake;
  const before = await followed();
  const [start] = await nextChanges(before, undefined);
  expect(start).toMatchObject({ kind: 'ready', snapshot: 0 });
  const held: Held = new Map();
  await lake.dropAndRun({ 'a.csv': saleFile(A) });
  const first = await nextChanges(before, start?.place);
  hold(held, first);
  expect(held).toEqual(heldTotals(A));
  // Nobody looked between two publications: what changed in all is told, and of s1 the last state alone.
  await lake.dropAndRun({ 'b.csv': saleFile(B) });
  await lake.dropAndRun({ 'c.csv': saleFile(C) });
  const place = first.at(-1)?.place;
  const all = await nextChanges(before, place);
  expect(streamsOf(all)).toEqual(['s1', 's2', 's3', 's4', 's5']);
  for (let cut = 0; cut < all.length; cut++) {
    const own = new Map(held);
    hold(own, all.slice(0, cut));
    const id =
      cut === 0 ? placeText(place ?? { snapshot: 0 }) : placeText(all[cut - 1]?.place ?? { snapshot: 0 });
    const rest = await nextChanges(before, parsePlace(id));
    expect(streamsOf(rest)).toEqual(streamsOf(all.slice(cut)));
    hold(own, rest);
    expect(own).toEqual(heldTotals([...A, ...B, ...C]));
  }
  const last = all.at(-1)?.place;
  expect(await nextChanges(before, last)).toEqual([]);
  // Folded anew, and not changed.
  const run = { dataset: 'shop.sales', runId: 'again' };
  await refreshOne(effects, { contract: await contractOf(), run, isRebuild: true });
  expect(await nextChanges(before, last)).toMatchObject([{ kind: 'nothing' }]);
  // Cut off in the middle, and something more published since.
  const middle = all[1]?.place;
  await lake.dropAndRun({ 'd.csv': saleFile([saleEvent('s1', 4, 'e9', '9.00')]) });
  const own = new Map(held);
  hold(own, all.slice(0, 2));
  const rest = await nextChanges(before, middle);
  expect(streamsOf(rest)).toEqual(['s3', 's4', 's5', 's1']);
  hold(own, rest);
  expect(await nextChanges(before, rest.at(-1)?.place)).toEqual([]);
  expect(own).toEqual(heldTotals([...A, ...B, ...C, saleEvent('s1', 4, 'e9', '9.00')]));
});

test('who was cut off in the middle and comes back to another contract is told all of it again', async () => {
  lake = await salesLake();
  await lake.dropAndRun({ 'a.csv': saleFile(A) });
  const [ready] = await nextChanges(await followed(), undefined);
  await lake.dropAndRun({ 'b.csv': saleFile([...B, ...C]) });
  const all = await nextChanges(await followed(), ready?.place);
  expect(streamsOf(all)).toEqual(['s1', 's2', 's3', 's4', 's5']);
  const wider = salesProjection(
    'totals',
    [
      { name: 'sold', type: 'integer', required: true },
      { name: 'total', type: 'number', physicalType: 'DECIMAL(12,2)', required: true },
      { name: 'last_event' },
      { name: 'trail' },
    ],
    { version: '1.1.0' },
  );
  await lake.setContract(wider, 'c1.yaml');
  const run = { dataset: 'shop.sales', runId: 'wider' };
  await refreshOne(lake.lake.effects, { contract: await contractOf(), run });
  const rest = await nextChanges(await followed(), all[2]?.place);
  expect(streamsOf(rest)).toEqual(['s1', 's2', 's3', 's4', 's5']);
  const trails = rest.map((one) => (one.kind === 'change' ? String(one.change.rows[0]?.trail) : ''));
  expect(trails.every((trail) => /@\d;$/.test(trail))).toBe(true);
});

test('streams whose events were taken back are told without rows', async () => {
  lake = await salesLake();
  const { effects } = lake.lake;
  await lake.dropAndRun({ 'a.csv': saleFile(A) });
  const to = (await readPointer(effects.objects, 'silver', 'shop.sales'))?.pointer.snapshot_id ?? 0;
  await lake.dropAndRun({ 'b.csv': saleFile(B) });
  const [ready] = await nextChanges(await followed(), undefined);
  await rollBack(effects, { dataset: 'shop.sales', to }, { by: 'ann', reason: 'wrong file' });
  await refreshOne(effects, { contract: await contractOf(), run: { dataset: 'shop.sales', runId: 'back' } });
  const told = await nextChanges(await followed(), ready?.place);
  expect(streamsOf(told)).toEqual(['s1', 's3']);
  const held = heldTotals([...A, ...B]);
  hold(held, told);
  expect(held).toEqual(heldTotals(A));
});

test('where it can not be told what changed, that is said, with the state to read', async () => {
  lake = await salesLake();
  await lake.dropAndRun({ 'a.csv': saleFile(A) });
  const head = await (await followed()).head();
  const reset = { kind: 'reset', snapshot: head, place: { snapshot: head } };
  expect(await nextChanges(await followed(), { snapshot: 17 })).toEqual([{ ...reset, why: 'expired' }]);
  expect(await nextChanges(await followed(1), { snapshot: 0 })).toEqual([{ ...reset, why: 'too-many' }]);
  expect(await nextChanges(await followed(2), { snapshot: 0 })).toHaveLength(2);
  expect(() => parsePlace('yesterday')).toThrow(expect.objectContaining({ code: 'PLACE' }));
  expect(() => parsePlace('1-2')).toThrow(expect.objectContaining({ code: 'PLACE' }));
});
