import * as disk from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StillDisk } from './still-disk.ts';

const still = new StillDisk();
const change = <T>(apply: () => Promise<T>): Promise<T> => still.change(apply);

// The adapter gets Node's own functions; those that change the disk are only counted.
jest.unstable_mockModule('node:fs/promises', () => ({
  ...disk,
  link: (from: string, to: string) => change(() => disk.link(from, to)),
  unlink: (file: string) => change(() => disk.unlink(file)),
  rename: (from: string, to: string) => change(() => disk.rename(from, to)),
  mkdir: (folder: string, options: object) => change(() => disk.mkdir(folder, options)),
  writeFile: (file: string, text: string, options: object) =>
    change(() => disk.writeFile(file, text, options)),
  open: async (file: string, flags: string, mode?: number) => {
    if (flags !== 'wx') return await disk.open(file, flags, mode);
    const handle = await change(() => disk.open(file, flags, mode));
    const { writeFile } = handle;
    return Object.assign(handle, {
      writeFile: (bytes: Uint8Array) => change(() => writeFile.call(handle, bytes)),
    });
  },
}));
const { createVault, openVault } = await import('../../adapters/local/vault/folder-vault.ts');
const { createRootKeyFile, rootKeyFile } = await import('../../adapters/local/vault/root-keys.ts');
const { memoryLog } = await import('../adapters/vault/support.ts');
const { tempFolder } = await import('../adapters/temp-folder.ts');

const DATED = new Date('2026-11-01T00:00:00Z');
const person = (id: string) => ({ kind: 'customer', id, dated: DATED });
const FORGETTING = { by: 'Vera', reason: 'a letter', until: new Date('2040-01-01T00:00:00Z') };
const NOVEMBER = { dataset: 'shop.orders', group: 'contact', period: '202611' };
const OCTOBER = { ...NOVEMBER, period: '202610' };

let folder: string;
let dispose: () => Promise<void>;
beforeEach(async () => {
  still.standsStillAt = Number.POSITIVE_INFINITY;
  ({ folder, dispose } = await tempFolder());
});
afterEach(() => {
  still.standsStillAt = Number.POSITIVE_INFINITY;
  return dispose();
});

/** What was handed out, and what was promised to be gone. */
interface Story {
  readonly given: Map<string, string>;
  readonly gone: Set<string>;
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? Buffer.from(one).toString('hex') : one));

const placeOf = (name: string, log = memoryLog()) => ({
  folder: path.join(folder, name, 'vault'),
  root: rootKeyFile(path.join(folder, name, 'key')),
  log,
  clock: { now: () => new Date('2026-11-29T10:00:00Z') },
});
type Place = ReturnType<typeof placeOf>;

/** A vault's life; what it was given and promised is noted as soon as the vault has answered. */
async function live(place: Place, { given, gone }: Story): Promise<void> {
  await createVault(place);
  const vault = openVault(place);
  const ask = async (id: string): Promise<void> => {
    const [found] = await vault.subjects([person(id)], ['contact', 'birth']);
    if (found?.kind === 'known') given.set(id, textOf(found));
  };
  const period = async (asked: typeof NOVEMBER): Promise<void> => {
    given.set(asked.period, textOf(await vault.periodKeys([asked], 'make')));
  };
  await ask('ann');
  await ask('ben');
  await period(NOVEMBER);
  await period(OCTOBER);
  given.set(
    'column',
    textOf(await vault.columnIds([{ dataset: 'shop.orders', column: 'mail', group: 'contact' }])),
  );
  await vault.forget(person('ann'), FORGETTING);
  gone.add('ann');
  await vault.destroyPeriods([OCTOBER], FORGETTING);
  gone.add(OCTOBER.period);
  await vault.renewKey();
  await ask('eva');
}

/** Runs the life until its end or until the disk stands still. */
const run = (place: Place, story: Story): Promise<void> => still.under(() => live(place, story));

async function newLife(name: string): Promise<Place> {
  const place = placeOf(name);
  await createRootKeyFile(path.join(folder, name, 'key'));
  still.begun = 0;
  return place;
}

describe('a vault whose process dies at any change of the disk', () => {
  test('has all that it handed out, nothing that it promised was gone, and goes on', async () => {
    const whole = await newLife('whole');
    await run(whole, { given: new Map(), gone: new Set() });
    const steps = still.begun;
    expect(steps).toBeGreaterThan(100);
    for (let step = 1; step <= steps; step += step < 20 ? 1 : 3) {
      const place = await newLife(`life-${step}`);
      const story: Story = { given: new Map(), gone: new Set() };
      still.standsStillAt = step;
      await run(place, story);
      still.standsStillAt = Number.POSITIVE_INFINITY;
      // Under another path, where the process that stands still writes no more; as one that died it has no turn.
      await disk.rename(path.join(folder, `life-${step}`), path.join(folder, `again-${step}`));
      const again = placeOf(`again-${step}`, place.log);
      await disk.rm(path.join(again.folder, 'turns'), { recursive: true, force: true });
      expect({ step, wrong: await complaints(again, story) }).toEqual({ step, wrong: [] });
      expect(await disk.readdir(path.join(again.folder, 'tmp'))).toEqual([]);
    }
  });
});

/** What is wrong afterwards with anything that was handed out or promised; the vault is used as ever before. */
async function complaints(place: Place, { given, gone }: Story): Promise<string[]> {
  await createVault(place);
  const vault = openVault(place);
  await vault.subjects([person('new')], ['contact']);
  // What stands in the log is gone, though nobody was told yet.
  const logged = new Set(place.log.entries.map(({ of }) => (of.kind === 'subject' ? 'ann' : of.period)));
  const wrong: string[] = [];
  for (const id of ['ann', 'ben', 'eva'].filter((one) => given.has(one))) {
    const [found] = await vault.subjects([person(id)], ['contact', 'birth']);
    const isGone = gone.has(id) || logged.has(id);
    if (isGone ? found?.kind !== 'forgotten' : textOf(found) !== given.get(id))
      wrong.push(`${id}: ${found?.kind}`);
  }
  for (const asked of [NOVEMBER, OCTOBER].filter(({ period }) => given.has(period))) {
    const keys = await vault.periodKeys([asked], 'make');
    const isGone = gone.has(asked.period) || logged.has(asked.period);
    const isRight = isGone ? keys[0] === undefined : textOf(keys) === given.get(asked.period);
    if (!isRight) wrong.push(asked.period);
  }
  await vault.renewKey();
  return wrong;
}
