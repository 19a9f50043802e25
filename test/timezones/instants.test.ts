import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readZoneCases, wrongCases } from './zone-cases.ts';

test('a local time and the zone beside it are the instants that Python knows, in every zone', async () => {
  const cases = readZoneCases(await readFile(new URL('instants.csv', import.meta.url), 'utf8'));
  expect(new Set(cases.map(({ zone }) => zone)).size).toBe(597);
  expect(await wrongCases(cases)).toEqual([]);
});
