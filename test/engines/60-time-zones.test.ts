import path from 'node:path';
import { expect, test } from '@jest/globals';
import { outputOf } from '../aws/support/processes.ts';
import { ROOT } from '../aws/support/python.ts';
import { readZoneCases, wrongCases } from '../timezones/zone-cases.ts';
import { readSession } from './support/session.ts';

/** Python's zoneinfo judges local times that nobody chose before. */

const { tools } = readSession();

test('local times in all zones are the instants that Python knows', async () => {
  const seed = String(Math.floor(Math.random() * 1_000_000));
  const script = path.join(ROOT, 'test/timezones/instants.py');
  const cases = readZoneCases((await outputOf(tools.python, [script, seed])) ?? '');
  expect(cases.length).toBeGreaterThan(4000);
  expect({ seed, wrong: await wrongCases(cases) }).toEqual({ seed, wrong: [] });
});
