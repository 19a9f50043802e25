import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { initLake, openLake } from '../../../adapters/local/lake.ts';
import { runDataset } from '../../../adapters/local/run-dataset.ts';
import type { SourceContract } from '../../../etl/contract/contract.ts';
import { parseContract } from '../../../etl/contract/parse-contract.ts';
import { withScratchEngine } from '../../../etl/engine/with-scratch-engine.ts';
import { JsonJudge } from '../../../etl/judging/json-judge.ts';
import { EVERY_STATE, findRecords, loadFailedRecords } from '../../../etl/quarantine/records.ts';
import { evidenceOfRecord } from '../../../stream/evidence/evidence-of-record.ts';
import { findEvidence } from '../../../stream/evidence/find-evidence.ts';
import { reasonCode } from '../../../stream/gates/reason-code.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { runMain } from '../../cli/run-main.ts';
import { ORDERS_CONTRACT } from '../gates/judging.ts';
import { arbitraryEvent } from '../landing/arbitrary-event.ts';

const EVENTS = Number(process.env.ENFORCE_EVENTS ?? 4000);

const value = (right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 12, arbitrary: right },
    fc.constantFrom<unknown>(
      null,
      '',
      ' ',
      true,
      [],
      {},
      0,
      -1,
      '0012',
      'x',
      '1e3',
      1e21,
      '2026-02-30T00:00:00Z',
      'é\u0301',
    ),
  );
const member = (name: string, of: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc.oneof({ weight: 15, arbitrary: of.map((one) => ({ [name]: one })) }, fc.constant({}));

/** Without digits: what looks like a postcode would hold the run. */
const word = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '"', '\\', 'é', '\u{1f600}'), maxLength });

/** An order that may lack something, or have something else. */
const orders = fc
  .tuple(
    member('time', value(fc.constantFrom('2026-01-13T12:01:01.900Z', '2025-12-31T23:59:59+01:00'))),
    member('id', value(word(5))),
    member(
      'data',
      fc
        .tuple(
          member('order_id', value(fc.nat(1e9).map((n) => `o-${n}`))),
          member('customer_id', value(fc.constantFrom('c-1', 'c-2'))),
          member('currency', value(fc.constantFrom('EUR', 'GBP'))),
          member('total', value(fc.constantFrom(1, '2.50', 0.125, '12345678901234567890'))),
          member('note', value(word(8))),
        )
        .map((members) => Object.assign({}, ...members)),
    ),
  )
  .map((members) =>
    JSON.stringify(Object.assign({ specversion: '1.0', source: '/s', type: 't' }, ...members)),
  );

/** Payloads, among them any that a broker may give, on one line. */
const payloads = fc.oneof(
  { weight: 9, arbitrary: orders },
  arbitraryEvent.map(({ value: bytes }) =>
    bytes === null
      ? 'null'
      : Buffer.from(bytes)
          .toString('latin1')
          .replace(/[\r\n]/g, ' '),
  ),
);

test('events that fail are the records that are quarantined, for the same reasons, and the others are published', async () => {
  const { folder, dispose } = await tempFolder();
  await cp('examples/orders/contracts', path.join(folder, 'contracts'), { recursive: true });
  const limits = `      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000000000, maxCondemned: 1000000000, breakerErrors: 1000000000 }
      - property: assay.duplicates
        value: keep-first
`;
  const contractFile = path.join(folder, 'contracts/orders/created.yaml');
  await writeFile(contractFile, `${ORDERS_CONTRACT.trimEnd()}\n${limits}`);
  const lines = fc.sample(payloads, EVENTS).filter((line) => line.trim() !== '');
  await writeFile(path.join(folder, 'events.jsonl'), Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
  await mkdir(path.join(folder, 'policies'));
  await writeFile(
    path.join(folder, 'policies/orders.created.yaml'),
    'dataset_urn: urn:dp:orders:created\ncontract_id: dc:orders.created:3\nowners: [orders-team]\npii_policy: BLOCK\nenvelope: cloudevents\n',
  );
  await initLake(path.join(folder, 'lake'));
  const args = [
    ...['enforce', '--from', 'events.jsonl', '--topic', 't', '--dataset', 'orders.created'],
    ...['--policies', 'policies', '--no-run'],
  ];
  expect(await runMain(args, { cwd: folder })).toMatchObject({ code: 1, err: '' });
  const { effects } = await openLake(path.join(folder, 'lake'), {
    contractsDir: path.join(folder, 'contracts'),
    sqlDir: folder,
  });
  const [run] = await runDataset('orders.created', effects);
  expect([run?.why, run?.status]).toEqual([[], 'promoted']);
  const { evidence } = await findEvidence(effects.objects, {}, { limit: 1e9 });
  expect(evidence).toHaveLength(lines.length);
  const asEvents = evidence.flatMap(({ evidence_id, validation }) => {
    const own = [...validation.reason_codes];
    return own.length === 0 ? [] : [[evidence_id, own.sort().join(' ')]];
  });
  expect(asEvents.filter(([, codes]) => codes?.startsWith('ENVELOPE_')).length).toBeGreaterThan(EVENTS / 100);
  const unreadable = new Set(
    asEvents.filter(([, codes]) => codes?.includes('PAYLOAD_UNREADABLE')).map(([id]) => id),
  );
  const asRecords = await withScratchEngine(effects, 'differential', async (engine) => {
    await loadFailedRecords(engine, effects, 'orders.created');
    const records = await findRecords(engine, { ids: [] }, { states: EVERY_STATE, limit: 1e6 });
    return await Promise.all(
      records.map(async (record) => [
        await evidenceOfRecord(effects.objects, record),
        [...new Set(record.reasons.map((one) => reasonCode(one as never)))]
          .filter((code) => code !== 'DUPLICATE')
          .sort()
          .join(' '),
      ]),
    );
  });
  expect(asEvents.length).toBeGreaterThan(EVENTS / 20);
  const isReadable = ([id]: readonly unknown[]): boolean => !unreadable.has(String(id));
  expect(Object.fromEntries(asRecords.filter(([, codes]) => codes !== '').filter(isReadable))).toEqual(
    Object.fromEntries(asEvents.filter(isReadable)),
  );
  // What can't be read is quarantined for all that it lacks.
  const failed = new Set(asRecords.map(([id]) => id));
  expect([...unreadable].filter((id) => !failed.has(id))).toEqual([]);
  expect(unreadable.size).toBeGreaterThan(EVENTS / 200);
  // The lines as they landed, by the function for single records: what the batch workflow said, and Silver has the others.
  const landed: Record<string, string> = {};
  const passed: string[] = [];
  const contract = parseContract('created.yaml', await readFile(contractFile, 'utf8')) as SourceContract;
  await withScratchEngine(effects, 'landed', async (engine) => {
    const judge = await JsonJudge.open(engine, contract, { isEvents: true });
    for (const { key } of await effects.objects.list('bronze/')) {
      const text = Buffer.from((await effects.objects.get(key))?.body ?? []).toString('latin1');
      const all = text.split('\n').slice(0, -1);
      const verdicts = await judge.judge(all.map((line) => Buffer.from(line, 'latin1')));
      for (const [n, { reasons, kind }] of verdicts.entries()) {
        const id = String(
          await evidenceOfRecord(effects.objects, { sourceFile: key, sourceRowNumber: n + 1 }),
        );
        if (kind === 'passed') passed.push(id);
        else landed[id] = [...new Set(reasons.map(reasonCode))].sort().join(' ');
      }
    }
  });
  expect(landed).toEqual(Object.fromEntries(asRecords.filter(([, codes]) => codes !== '')));
  expect(passed.sort()).toEqual(
    evidence.flatMap((one) => (one.validation.result === 'PASS' ? [one.evidence_id] : [])).sort(),
  );
  await dispose();
});
