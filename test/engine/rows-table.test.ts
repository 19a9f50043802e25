import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withEngine } from '../../etl/engine/engine.ts';
import { rowsTable } from '../../etl/engine/sql.ts';

test('rows come out of SQL as they went in, whatever their texts hold', async () => {
  await withEngine({ memoryLimitMb: 100, threads: 1 }, tmpdir(), async (engine) => {
    const row = fc.record(
      {
        text: fc.string({
          unit: fc.oneof(fc.constantFrom("'", '"', '\\', '\n', '\0', ';'), fc.string({ unit: 'binary' })),
        }),
        number: fc.maxSafeInteger(),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 5 }), async (rows) => {
        const table = rowsTable({ text: 'VARCHAR', number: 'BIGINT' }, rows);
        const found = await engine.rows(`SELECT text, number FROM ${table}`);
        expect(found).toEqual(
          rows.map(({ text, number }) => ({
            text: text ?? null,
            number: number === undefined ? null : String(number === 0 ? 0 : number),
          })),
        );
      }),
      { numRuns: 200 },
    );
    const cut = await engine.rows(
      `SELECT text FROM ${rowsTable({ text: 'VARCHAR' }, [{ text: 'half \ud83d' }])}`,
    );
    expect(cut).toEqual([{ text: 'half \ufffd' }]);
  });
});
