import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { ROOT } from '../aws/support/python.ts';
import { runScript } from '../aws/support/read-tables.ts';
import { assay } from '../cli/assay.ts';
import { readSession } from './support/session.ts';

/** pandas and Polars read the file of an answer by the very lines of docs/recipes.md. */

const { tools } = readSession();
const SCRIPT = path.join(ROOT, 'test/engines/readers/notebook.py');
/** Values that a notebook spoils where they come as floats or as text. */
const SQL = `SELECT * FROM (VALUES
  (1, 12345678901234567890.12::DECIMAL(38,2), 9007199254740993::BIGINT, DATE '2024-02-29', TIMESTAMPTZ '2024-02-29 13:45:00.25+00', true, '=1+1 é'),
  (2, -0.01::DECIMAL(38,2), NULL, NULL, NULL, NULL, '')) AS v(n, wide, big, day, seen_at, yes, text) ORDER BY n`;

let folder: string;
let dispose: () => Promise<void>;
let recipes: string;
beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  recipes = await readFile(path.join(ROOT, 'docs/recipes.md'), 'utf8');
  await assay(['init', '--lake', 'lake'], { cwd: folder });
  const query = ['query', SQL, '--out', 'orders.parquet', '--lake', 'lake'];
  const { code, err } = await assay([...query, '--contracts', path.join(ROOT, 'contracts')], { cwd: folder });
  expect({ code, err }).toMatchObject({ code: 0 });
});
afterAll(() => dispose());

test.each(['pandas', 'polars'])('%s has every value exactly', async (name) => {
  const code = new RegExp(`\`(${name}[.]read_parquet[^\`]*)\``).exec(recipes)?.[1];
  const answer = JSON.parse(await runScript(tools.python, SCRIPT, JSON.stringify({ folder, code })));
  expect(answer).toEqual({
    columns: ['n', 'wide', 'big', 'day', 'seen_at', 'yes', 'text'],
    rows: [
      [
        '1',
        '12345678901234567890.12',
        '9007199254740993',
        '2024-02-29',
        '2024-02-29 13:45:00.250000',
        'true',
        '=1+1 é',
      ],
      ['2', '-0.01', null, null, null, null, ''],
    ],
  });
});
