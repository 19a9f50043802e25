import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { expectedOf } from '../oracle/expected.ts';
import { casesOf } from '../support/cases.ts';
import { arbitraryCase } from './arbitrary-case.ts';
import type { Expectation } from './check-cases.ts';
import { DIALECTS } from './dialects.ts';
import { fuzz, replay } from './fuzz.ts';

/** More by hand: `npm run fuzz -- --cases 20000 --seed 2`. */
const CASES = Number(process.env.FUZZ_CASES ?? casesOf(150));
const SEED = Number(process.env.FUZZ_SEED ?? 1);

describe('the pipeline', () => {
  test('reads the worst of files as the oracle does, and loses no valid record beside a broken one', async () => {
    expect(await fuzz({ seed: SEED, cases: CASES })).toBeUndefined();
  });
});

describe('the fuzzer', () => {
  test('makes files of every dialect, most of them with records from valid to broken', () => {
    const cases = fc.sample(arbitraryCase, { seed: SEED, numRuns: 500 });
    expect(new Set(cases.map(({ dialect }) => dialect)).size).toBe(DIALECTS.length);
    expect(new Set(cases.map(({ packing }) => packing)).size).toBe(8);
    const lines = cases.flatMap((one) => one.lines);
    const valid = lines.filter(({ isValid }) => isValid).length / lines.length;
    expect(valid).toBeGreaterThan(0.25);
    expect(valid).toBeLessThan(0.75);
  });

  test('notices a reader that takes one empty field too many, and shrinks the file to that', async () => {
    // As DuckDB's own reader does: the trap that the scanner is there for.
    const careless: Expectation = (file, contract, standing) => {
      const text = Buffer.from(file).toString('latin1');
      const { delimiter } = contract.csv;
      const fields = (line: string): number => line.split(delimiter).length;
      const isTrap = (line: string): boolean => line.endsWith(delimiter) && fields(line) === 6;
      const mended = text.split('\n').map((line) => (isTrap(line) ? line.slice(0, -1) : line));
      return expectedOf(Buffer.from(mended.join('\n'), 'latin1'), contract, standing);
    };
    const failure = await fuzz({ seed: 21, cases: 30, expectation: careless });
    expect(failure?.problem).toMatch(/STRUCTURE_ERROR.* the oracle says/s);
    expect(failure?.case.lines).toHaveLength(1);
    const again = await replay({ seed: 21, path: failure?.path ?? '', expectation: careless });
    expect(again).toEqual(failure);
    expect(await replay({ seed: 21, path: failure?.path ?? '' })).toBeUndefined();
  });
});
