import { expect, test } from '@jest/globals';
import { readEnvironment } from '../../lambdas/environment.ts';

/** A function says at once, and in full, what its environment lacks. */

test('what is there and well-formed is read, numbers as numbers', () => {
  const env = { ASSAY_STAGE: 'staging', ASSAY_THREADS: '2', PATH: '/bin' };
  expect(readEnvironment(env, ['ASSAY_STAGE', 'ASSAY_THREADS'])).toEqual({
    ASSAY_STAGE: 'staging',
    ASSAY_THREADS: 2,
  });
});

test('everything that is missing or malformed is named at once', () => {
  const read = () =>
    readEnvironment({ ASSAY_THREADS: 'two', ASSAY_STAGE: 'test' }, ['ASSAY_OPS_BUCKET', 'ASSAY_THREADS']);
  expect(read).toThrow(expect.objectContaining({ name: 'ConfigError', code: 'ENVIRONMENT' }));
  for (const name of ['ASSAY_OPS_BUCKET is missing', 'ASSAY_THREADS', 'ASSAY_STAGE'])
    expect(read).toThrow(name);
});

test('what a function does not need may be missing', () => {
  expect(readEnvironment({}, [])).toEqual({});
});
