import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { type Loaded, loadFiles } from './load-files.ts';

const PARAMETERS = {
  delimiter: ';',
  quotechar: '"',
  escapechar: '"',
  header_lines: 1,
  preamble_lines: 0,
  column_names: ['DAY', 'WHAT'],
  n_columns: 2,
};

/** A benchmark of files in the layout of Pollock's: what is read, the clean file, and other parameters. */
async function loadAll(
  files: Readonly<Record<string, readonly [string, string, object?]>>,
): Promise<Loaded[]> {
  const { folder, dispose } = await tempFolder();
  try {
    for (const [file, [text, clean, more]] of Object.entries(files)) {
      const parts = { csv: text, clean, parameters: JSON.stringify({ ...PARAMETERS, ...more }) };
      for (const [part, content] of Object.entries(parts)) {
        await mkdir(path.join(folder, part), { recursive: true });
        const name = part === 'parameters' ? `${file}_parameters.json` : file;
        await writeFile(path.join(folder, part, name), content);
      }
    }
    const all: Loaded[] = [];
    for await (const loaded of loadFiles(folder, Object.keys(files))) all.push(loaded);
    return all;
  } finally {
    await dispose();
  }
}

test('what comes to Silver is written as the benchmark wants it; what is lost or wrong is counted', async () => {
  const clean = '"DAY","WHAT"\n"01/02/2024","a ""b"""\n"02/02/2024","c"\n';
  const [good, broken, other, headless] = await loadAll({
    'good.csv': ['DAY;WHAT\r\n01/02/2024;"a ""b"""\r\n02/02/2024;c\r\n', clean],
    'broken.csv': ['D;A;Y\n01/02/2024;"a ""b"""\n02/02/2024;;c\n', clean],
    'other.csv': ['DAY;WHAT\n01/02/2024;"a ""b"""\n02/02/2024;d\n', clean],
    'headless.csv': ['03/02/2024;e\n', '"03/02/2024","e"\n', { header_lines: 0, column_names: [] }],
  });
  const loaded = '"DAY","WHAT"\r\n"01/02/2024","a ""b"""\r\n';
  expect(good).toMatchObject({
    csv: `${loaded}"02/02/2024","c"\r\n`,
    silver: 2,
    rejects: 0,
    lost: 0,
    wrong: 0,
  });
  expect(broken).toMatchObject({ csv: loaded, silver: 1, rejects: 1, lost: 0, wrong: 0 });
  expect(other).toMatchObject({ silver: 2, lost: 1, wrong: 1 });
  expect(headless).toMatchObject({ csv: '"03/02/2024","e"\r\n', lost: 0, wrong: 0, note: undefined });
});
