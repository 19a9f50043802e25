import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLake } from '../../adapters/local/lake.ts';
import { commitPlanKey, heldKey, runRecordKey, sealKey } from '../../etl/naming/runs.ts';
import { readmitFiles, refuseFiles } from '../../etl/operations/decide-files.ts';
import { readmitRun, refuseRun } from '../../etl/operations/decide-run.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import type { Effects } from '../../etl/ports.ts';
import { Decision, RunRecord, Withheld } from '../../etl/stages/outcomes.ts';
import { getDocument, parseDocument } from '../../etl/stages/stored-documents.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { execute } from '../stages/execute.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { readRows } from '../stages/read-rows.ts';

/** Files of a held run are refused, and the rest of it is sealed anew: what should be there is written out by hand. */

const DATASET = 'test.records';
const CONTRACT = contractText({
  ...PAYMENTS,
  assay: {
    ...PAYMENTS.assay,
    limits: { maxQuarantineRate: 0.2, smallBatchRecords: 2, maxCondemned: 100, breakerErrors: 1_000 },
  },
});
const HEADER = 'id,paid_on,amount,note\n';
/** Two of three amounts can't be read, and the first record takes the number of one in one.csv, which comes later. */
const BAD = `${HEADER}2,2024-01-09,9.00,wrong\n8,2024-01-09,x,\n9,2024-01-09,y,\n`;
const ONE = `${HEADER}1,2024-01-02,1.00,\n2,2024-01-03,2.00,right\n`;
const TWO = `${HEADER}3,2024-02-02,3.00,\n4,2024-02-03,4.00,\n`;
const FILES = { 'bad.csv': BAD, 'one.csv': ONE, 'two.csv': TWO };
const WORD = { by: 'ann', reason: 'columns are shifted' };
const GOOD = ['1:1:', '2:2:right', '3:3:', '4:4:'];

let lake: TestLake;
const run = { dataset: DATASET, runId: 'run-001' };
const effects = (): Effects => lake.lake.effects;

const recordOf = (of = effects()): Promise<RunRecord> =>
  getDocument(of.objects, runRecordKey(DATASET, run.runId), RunRecord);
const aside = async (of = effects()): Promise<Withheld | undefined> => {
  const stored = await of.objects.get(heldKey(DATASET, run.runId));
  return stored === undefined ? undefined : parseDocument(stored.body, 'held', Withheld);
};
const namesOf = (keys: readonly string[] = []): string[] => keys.map((key) => path.basename(key)).sort();
/** What Silver holds, as hyparquet reads it. */
const silver = async (): Promise<string[]> =>
  (await lake.rows('silver')).map(({ id, amount, note }) => `${id}:${amount}:${note ?? ''}`).sort();
const decisions = async (): Promise<string[]> => {
  const objects = await effects().objects.list('ops/decisions/');
  const read = await Promise.all(objects.map(({ key }) => getDocument(effects().objects, key, Decision)));
  return read.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ kind }) => kind);
};

const refuse = (...files: string[]) => refuseFiles(effects(), { ...run, files }, WORD);
const reseal = () => execute(effects(), { ...run, start: 'reseal' });
const approved = (digest: string | null) => ({ ...WORD, digest: digest ?? '' });
const approve = (digest: string | null) => {
  const input = { ...run, start: 'promote', approved: approved(digest) };
  return execute(effects(), input);
};
const give = (...files: string[]) => readmitFiles(effects(), { ...run, files }, WORD);
const errorOf = (code: string) => expect.objectContaining({ name: 'ConfigError', code });

async function held(files: Record<string, string> = FILES): Promise<RunRecord> {
  const { record } = await lake.dropAndRun(files);
  expect(record).toMatchObject({ status: 'held', counts: { silver: 4, quarantined: 2, condemned: 1 } });
  return record as RunRecord;
}

describe('a file of a held run that is refused', () => {
  beforeEach(async () => {
    lake = await testLake({ contracts: [CONTRACT] });
  });
  afterEach(() => lake.dispose());

  test('is published no more, and the rest is, under the digest that it has without it', async () => {
    const before = await held();
    expect(await refuse('bad.csv')).toMatchObject({ kind: 'rest' });
    // Until it is sealed there is nothing to approve, neither as it was nor under no digest.
    for (const digest of [before.sealDigest, '']) {
      expect((await approve(digest)).status).toBe('failed');
      expect(await recordOf()).toMatchObject({ status: 'held', sealDigest: null });
    }
    expect((await reseal()).status).toBe('succeeded');
    const rest = await recordOf();
    expect(rest).toMatchObject({ status: 'held', counts: { records: 4, silver: 4, condemned: 0 } });
    expect(namesOf(rest.files.map(({ key }) => key))).toEqual(['one.csv', 'two.csv']);
    expect(rest.why).toEqual([expect.stringContaining('refused by a person')]);
    expect((await approve(before.sealDigest)).status).toBe('failed');
    expect(await silver()).toEqual([]);

    expect((await approve(rest.sealDigest)).status).toBe('succeeded');
    expect(await silver()).toEqual(GOOD);
    expect(namesOf((await lake.rows('source_files')).map((row) => String(row.source_file)))).toEqual([
      'one.csv',
      'two.csv',
    ]);
    expect(await aside()).toMatchObject({ decision: 'refused', why: [expect.stringContaining('bad.csv')] });
    expect(namesOf((await aside())?.keys)).toEqual(['bad.csv']);
    expect(await decisions()).toEqual(['files-refused', 'approved']);

    // A lake that never saw the file seals the others as the same.
    const other = await testLake({ contracts: [CONTRACT] });
    const alone = await other.dropAndRun({ 'one.csv': ONE, 'two.csv': TWO });
    expect(rest.sealDigest).toBe(alone.seal?.digest);
    await other.dispose();
  });

  test('stays in Bronze, is taken up by no run, and comes back when it is readmitted or the contract changes', async () => {
    await held();
    await refuse('bad.csv');
    await reseal();
    expect((await lake.run()).status).toBe('nothing-to-do');
    // While the rest still waits, and only itself.
    expect(await give('bad.csv').catch((error) => error)).toMatchObject({ was: 'refused' });
    expect(namesOf((await aside())?.keys)).toEqual(['one.csv', 'two.csv']);
    const again = await lake.run();
    expect(again.record).toMatchObject({ status: 'held', counts: { records: 3, silver: 1, quarantined: 2 } });
    expect((await approve((await recordOf()).sealDigest)).status).toBe('succeeded');
    expect(await silver()).toEqual(GOOD);
    expect(await aside()).toBeUndefined();
    await lake.setContract(CONTRACT.replace('version: 1.0.0', 'version: 1.0.1'));
    expect((await lake.run()).status).toBe('nothing-to-do');
  });

  test('comes back once the contract changes, after the rest was published', async () => {
    await held();
    await refuse('bad.csv');
    await reseal();
    await approve((await recordOf()).sealDigest);
    await lake.setContract(CONTRACT.replace('"maxQuarantineRate": 0.2', '"maxQuarantineRate": 0.9'));
    const { record } = await lake.run();
    // Its first record has a number that is published now.
    expect(record).toMatchObject({
      status: 'promoted',
      counts: { records: 3, silver: 0, quarantined: 2, condemned: 1 },
    });
    expect(await silver()).toEqual(GOOD);
  });

  test('may be followed by another, each with its reason; what is left of all is refused as a run', async () => {
    await held();
    await refuse('bad.csv');
    await reseal();
    const first = (await recordOf()).sealDigest;
    await refuse('two.csv');
    expect((await approve(first)).status).toBe('failed');
    await reseal();
    const rest = await recordOf();
    expect(rest).toMatchObject({ status: 'held', counts: { records: 2, silver: 2 } });
    expect([...((await aside())?.refused?.why ?? [])]).toEqual([
      'bad.csv refused by ann: columns are shifted',
      'two.csv refused by ann: columns are shifted',
    ]);
    expect(await refuse('one.csv')).toMatchObject({ kind: 'whole' });
    expect(await aside()).toMatchObject({ decision: 'refused' });
    expect(namesOf((await aside())?.keys)).toEqual(['bad.csv', 'one.csv', 'two.csv']);
    await give('one.csv', 'two.csv');
    expect((await lake.run()).record).toMatchObject({ status: 'promoted', counts: { silver: 4 } });
    expect(await silver()).toEqual(GOOD);
  });

  test('stays refused when the whole run is refused, readmitted, or rolled back and forth', async () => {
    await lake.dropAndRun({ 'zero.csv': `${HEADER}0,2024-01-01,0.00,\n` });
    run.runId = 'run-002';
    await held();
    await refuse('bad.csv');
    await reseal();
    await approve((await recordOf()).sealDigest);
    const snapshots = (await recordOf()).snapshotId ?? 0;
    const [zero] = (await effects().objects.list('ops/runs/')).map(({ key }) => key);
    const { snapshotId } = await getDocument(effects().objects, zero ?? '', RunRecord);
    await rollBack(effects(), { dataset: DATASET, to: snapshotId ?? 0 }, WORD);
    expect(namesOf((await aside())?.keys)).toEqual(['one.csv', 'two.csv']);
    expect(namesOf((await aside())?.refused?.keys)).toEqual(['bad.csv']);
    expect((await lake.run()).status).toBe('nothing-to-do');
    await rollBack(effects(), { dataset: DATASET, to: snapshots }, WORD);
    expect(await aside()).toMatchObject({ decision: 'refused' });
    expect(namesOf((await aside())?.keys)).toEqual(['bad.csv']);
    await rollBack(effects(), { dataset: DATASET, to: snapshotId ?? 0 }, WORD);
    const given = await readmitRun(effects(), run, WORD);
    expect({ was: given.was, files: namesOf(given.files) }).toEqual({
      was: 'rolled-back',
      files: ['one.csv', 'two.csv'],
    });
    expect(await aside()).toMatchObject({ decision: 'refused' });
    expect((await lake.run()).record).toMatchObject({ status: 'promoted', counts: { silver: 4 } });
    expect(await silver()).toEqual(['0:0:', ...GOOD]);
    expect((await lake.run()).status).toBe('nothing-to-do');
    run.runId = 'run-001';
  });

  test('is sealed out on what others published meanwhile, and so is what is approved after it', async () => {
    await held();
    await lake.dropAndRun({ 'other.csv': `${HEADER}4,2024-02-09,40.00,\n5,2024-02-09,5.00,\n` });
    await refuse('bad.csv');
    await reseal();
    const rest = await recordOf();
    expect(rest).toMatchObject({ status: 'held', counts: { silver: 3, condemned: 1 } });
    await lake.dropAndRun({ 'six.csv': `${HEADER}6,2024-02-09,6.00,\n` });
    expect((await approve(rest.sealDigest)).status).toBe('succeeded');
    expect(await silver()).toEqual(['1:1:', '2:2:right', '3:3:', '4:40:', '5:5:', '6:6:']);
    expect(namesOf((await aside())?.keys)).toEqual(['bad.csv']);
  });

  test('is one that the run has, named without doubt, and not yet refused', async () => {
    const { sealDigest } = await held();
    await expect(refuse('no.csv')).rejects.toEqual(errorOf('NO_SUCH_FILE'));
    await expect(give('one.csv')).rejects.toEqual(errorOf('STILL_HELD'));
    expect(await aside()).toMatchObject({ sealDigest });
    await refuse('bad.csv');
    await expect(give('bad.csv')).rejects.toEqual(errorOf('NOT_SEALED'));
    await reseal();
    await expect(refuse('bad.csv')).rejects.toEqual(errorOf('NO_SUCH_FILE'));
    await lake.setContract(CONTRACT.replace('version: 1.0.0', 'version: 1.0.1'));
    await expect(refuse('two.csv')).rejects.toEqual(errorOf('CONTRACT_CHANGED'));
    await refuseRun(effects(), run, WORD);
    await expect(refuse('two.csv')).rejects.toEqual(errorOf('NOT_HELD'));
  });

  test('stays refused where conservation of the rest can not be proven, and the others are free', async () => {
    await held();
    await refuse('bad.csv');
    const unprovable = {
      before: 'gate' as const,
      happens: async () => {
        const key = sealKey(DATASET, '1.0.0', run.runId);
        const stored = await effects().objects.get(key);
        const seal = JSON.parse(Buffer.from(stored?.body ?? []).toString());
        seal.unproven = [{ key: seal.files[0].key, problem: 'a record is missing' }];
        await effects().objects.put(key, Buffer.from(JSON.stringify(seal)));
      },
    };
    await execute(effects(), { ...run, start: 'reseal' }, unprovable);
    expect(await recordOf()).toMatchObject({ status: 'refused' });
    expect(namesOf((await aside())?.keys)).toEqual(['bad.csv', 'one.csv']);
    expect((await lake.run()).record).toMatchObject({ status: 'promoted', counts: { silver: 2 } });
  });
});

describe('while somebody else works on the run', () => {
  beforeEach(async () => {
    lake = await testLake({ contracts: [CONTRACT] });
  });
  afterEach(() => lake.dispose());

  test.each(['refine', 'gate', 'promote'] as const)(
    'an approval that has come to %s on another base publishes nothing of a file that is refused then',
    async (before) => {
      const { sealDigest } = await held();
      await lake.dropAndRun({ 'five.csv': `${HEADER}5,2024-02-09,5.00,\n` });
      const input = { ...run, start: 'promote', approved: approved(sealDigest) };
      // `promote` is met first of all, and once more at the end: the base has moved.
      await execute(effects(), input, { before, happens: async () => void (await refuse('bad.csv')) });
      expect(await silver()).toEqual(['5:5:']);
      await reseal();
      expect(await recordOf()).toMatchObject({ status: 'held', counts: { silver: 4, condemned: 0 } });
      await approve((await recordOf()).sealDigest);
      expect(await silver()).toEqual([...GOOD, '5:5:']);
    },
  );

  test('a file that is refused while the rest is sealed is not in it', async () => {
    await held();
    await refuse('bad.csv');
    const meanwhile = { before: 'hold' as const, happens: async () => void (await refuse('two.csv')) };
    await execute(effects(), { ...run, start: 'reseal' }, meanwhile);
    expect(await recordOf()).toMatchObject({ status: 'held', counts: { records: 2, silver: 2 } });
    await approve((await recordOf()).sealDigest);
    expect(await silver()).toEqual(GOOD.slice(0, 2));
    expect(namesOf((await aside())?.keys)).toEqual(['bad.csv', 'two.csv']);
  });

  test.each([
    ['the plan of the commit', (): string[] => [commitPlanKey(DATASET, run.runId)]],
    [
      'the seal and the plan of the commit',
      () => [commitPlanKey(DATASET, run.runId), sealKey(DATASET, '1.0.0', run.runId)],
    ],
  ])('%s that a late workflow wrote of all files is not what is published', async (_, keysOf) => {
    await held();
    const late = await Promise.all(
      keysOf().map(async (key) => ({ key, body: (await effects().objects.get(key))?.body })),
    );
    await refuse('bad.csv');
    await reseal();
    const { sealDigest } = await recordOf();
    for (const { key, body } of late) await effects().objects.put(key, body ?? Buffer.from(''));
    expect((await approve(sealDigest)).status).toBe('succeeded');
    expect(await silver()).toEqual(GOOD);
  });
});

describe('a process that is killed at any of its changes', () => {
  let template: TestLake;
  beforeAll(async () => {
    lake = await testLake({ contracts: [CONTRACT] });
    template = lake;
    await held();
  });
  afterAll(() => template.dispose());

  /** A lake like the held one, whose `step`-th change and all after it fail. */
  async function doomed(step: number) {
    const { folder, dispose } = await tempFolder();
    await cp(template.lake.root, folder, { recursive: true });
    const contracts = path.join(template.lake.root, '../contracts');
    const opened = await openLake(folder, { contractsDir: contracts, sqlDir: folder, threads: 2 });
    let changes = 0;
    const guard =
      <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        if (++changes >= step) throw new Error('killed');
        return change(...args);
      };
    const { objects, data } = opened.effects;
    const dying = {
      ...opened.effects,
      objects: { ...objects, put: guard(objects.put), remove: guard(objects.remove) },
      data: { ...data, publish: guard(data.publish) },
    };
    return { root: opened.root, living: opened.effects, dying, changes: () => changes, dispose };
  }

  async function refuseAndSeal(of: Effects): Promise<void> {
    await refuseFiles(of, { ...run, files: ['bad.csv'] }, WORD);
    await execute(of, { ...run, start: 'reseal' });
  }

  test('loses nothing: the same command again ends as it would have', async () => {
    const { sealDigest: old } = await recordOf();
    let rest: string | null | undefined;
    for (let step = 1; ; step++) {
      const killed = await doomed(step);
      const { living } = killed;
      await refuseAndSeal(killed.dying).catch(() => undefined);
      const isWhole = killed.changes() < step;
      const waiting = await aside(living);
      if ((waiting?.refused?.keys.length ?? 0) > 0) {
        // From the moment on that it is refused, nothing with it in it can be approved.
        await execute(living, { ...run, start: 'promote', approved: approved(old) });
        expect(
          await readRows(living.objects, { layer: 'silver', dataset: DATASET, root: killed.root }),
        ).toEqual([]);
      }
      if ((await aside(living))?.sealDigest === '' || waiting?.refused === undefined)
        await refuseAndSeal(living);
      const record = await recordOf(living);
      expect({ step, record }).toMatchObject({
        step,
        record: { status: 'held', counts: { silver: 4, records: 4 } },
      });
      expect(namesOf((await aside(living))?.refused?.keys)).toEqual(['bad.csv']);
      rest ??= record.sealDigest;
      expect({ step, digest: record.sealDigest }).toEqual({ step, digest: rest });
      if (step % 5 === 0) {
        await execute(living, { ...run, start: 'promote', approved: approved(record.sealDigest) });
        const rows = await readRows(living.objects, { layer: 'silver', dataset: DATASET, root: killed.root });
        expect(rows.map(({ id, amount, note }) => `${id}:${amount}:${note ?? ''}`).sort()).toEqual(GOOD);
      }
      await killed.dispose();
      if (isWhole) break;
    }
  });
});
