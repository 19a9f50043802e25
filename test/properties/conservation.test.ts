import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type Files, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { tryFor } from '../support/try-for.ts';
import { withoutRun } from './same-rows.ts';

const CONTRACT = contractText({
  ...PAYMENTS,
  assay: { ...PAYMENTS.assay, csv: { totalRow: { column: 'amount' }, encodings: ['utf-8', 'windows-1252'] } },
});
const HEADER = 'id,paid_on,amount,note\n';

const field = fc.constantFrom(
  '1',
  '2',
  '3',
  'x',
  '2024-01-31',
  '1.5',
  '',
  '""',
  '"a\nb"',
  ' ',
  '"',
  'é',
  '\0',
  '9'.repeat(20),
);
const wild = fc
  .array(fc.array(field, { minLength: 1, maxLength: 6 }), { maxLength: 25 })
  .chain((records) =>
    fc
      .constantFrom<BufferEncoding>('utf8', 'latin1')
      .map((encoding) =>
        Buffer.from(HEADER + records.map((record) => record.join(',')).join('\n'), encoding),
      ),
  );

/** Records whose keys are their own, some of them wrong; the same list can be dealt to files in any way. */
const records = fc
  .array(
    fc.tuple(
      fc.constantFrom('2024-01-31', '2024-02-29', '2023-12-01', 'soon', ''),
      fc.constantFrom('1.50', '-2', '1000000', 'x', ''),
      fc.constantFrom('a', '"b\nc"', ' d ', '', '""'),
    ),
    { minLength: 4, maxLength: 40 },
  )
  .map((all) => all.map((fields, n) => [`k${n}`, ...fields].join(',')));

/** A line for each record that failed: what it was and why, without where and when. */
function rejectLines(rows: readonly Row[]): string[] {
  return rows
    .map((row) => `${row.record} ${(row.reasons as { code: string }[]).map(({ code }) => code).join()}`)
    .sort();
}

describe('conservation', () => {
  test('holds for any file: every record has one verdict, by number and by identity', async () => {
    await tryFor(
      { seconds: 60, cases: 20 },
      [fc.array(wild, { minLength: 1, maxLength: 4 })],
      async (files) => {
        const lake = await testLake({ contracts: [CONTRACT] });
        try {
          const { seal } = await lake.dropAndRun(
            Object.fromEntries(files.map((bytes, n) => [`f${n}.csv`, bytes])),
          );
          // A total row that isn't met is no loss.
          const lost = seal?.unproven.filter(({ problem }) => !problem.startsWith('its total row says'));
          expect(lost).toEqual([]);
          for (const counts of [seal?.counts, ...(seal?.files ?? [])]) {
            const { records: all = 0, silver = 0, quarantined = 0, condemned = 0, blank = 0 } = counts ?? {};
            expect(silver + quarantined + condemned + blank).toBe(all);
          }
          const rows = [
            ...(await lake.rows('silver')),
            ...(await lake.rows('quarantine')),
            ...(await lake.rows('condemned')),
          ].map((row) => `${row.source_file_id} ${row.source_row_number}`);
          expect(new Set(rows).size).toBe(rows.length);
        } finally {
          await lake.dispose();
        }
      },
    );
  });
});

describe('the order of the files', () => {
  test('changes nothing, nor does it matter in how many runs they come', async () => {
    await tryFor(
      { seconds: 60, cases: 6 },
      [records, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat(3))],
      async (all, count, dealt) => {
        const parts = Array.from({ length: count }, () => [] as string[]);
        for (const record of all) parts[(dealt.next().value ?? 0) % count]?.push(record);
        const files = parts.map((part, n) => [`f${n}.csv`, `${HEADER}${part.join('\n')}\n`] as const);
        const once = await publish([Object.fromEntries(files)]);
        expect(await publish(files.map((entry) => Object.fromEntries([entry])).reverse())).toEqual(once);
      },
    );
  });
});

describe('a repeat', () => {
  test('changes no figure: the same file, the same bytes by another name, the same records in another file', async () => {
    await tryFor({ seconds: 60, cases: 5 }, [records], async (all) => {
      const text = `${HEADER}${all.join('\n')}\n`;
      const lake = await testLake({ contracts: [CONTRACT] });
      try {
        const first = await lake.dropAndRun({ 'a.csv': text });
        const before = withoutRun(await lake.rows('silver'));
        expect((await lake.dropAndRun({ 'a.csv': text })).status).toBe('nothing-to-do');
        const renamed = await lake.dropAndRun({ 'b.csv': text });
        expect([renamed.record?.counts.records, renamed.record?.files[0]?.status]).toEqual([0, 'repeat']);
        const again = await lake.dropAndRun({ 'c.csv': `${text}\n` });
        expect(again.record?.counts.silver).toBe(0);
        expect(again.record?.reasons.DUPLICATE ?? 0).toBe(first.record?.counts.silver);
        expect(withoutRun(await lake.rows('silver'))).toEqual(before);
      } finally {
        await lake.dispose();
      }
    });
  });
});

/** What stands in the tables after each batch got a run of its own. */
async function publish(batches: readonly Files[]): Promise<unknown> {
  const lake = await testLake({ contracts: [CONTRACT] });
  try {
    for (const batch of batches) await lake.dropAndRun(batch);
    return {
      silver: withoutRun(await lake.rows('silver')),
      quarantined: rejectLines(await lake.rows('quarantine')),
      condemned: rejectLines(await lake.rows('condemned')),
    };
  } finally {
    await lake.dispose();
  }
}
