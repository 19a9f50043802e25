import { expect, test } from '@jest/globals';
import { stepAfter } from '../../adapters/aws/open-runs.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';

/** Whether `assay run --target aws` goes on after a run, and with which; test/aws/65-command-line.test.ts runs it. */

const RUN = '20240501T120003417Z-9b6e0d20';
const NEXT = '20240501T120103417Z-0d209b6e';
const FILE = {} as RunRecord['files'][number];
const startedAt = '2024-05-01T12:01:03.417Z';

const mine = (isMine: boolean) => ({ runId: RUN, isMine });
const ended = (status: RunRecord['status'], files: RunRecord['files'] = [FILE]) => ({ status, files });
const released = { runId: RUN, startedAt, releasedAt: startedAt };

test.each(['promoted', 'held', 'refused', 'failed', 'nothing-to-do'] as const)(
  'after one that ended as %s, the run that holds the lease now is followed',
  (status) => {
    const lease = { runId: NEXT, startedAt };
    expect(stepAfter(mine(true), ended(status), lease)).toEqual({ kind: 'follow', runId: NEXT });
    expect(stepAfter(mine(false), ended(status), lease)).toEqual({ kind: 'follow', runId: NEXT });
  },
);

test.each([
  ['promoted', true, 'end'],
  ['promoted', false, 'end'],
  ['nothing-to-do', false, 'end'],
  ['held', true, 'end'],
  ['failed', true, 'end'],
  ['failed', false, 'ask'],
  ['refused', true, 'ask'],
  ['refused', false, 'ask'],
] as const)(
  'after one that ended as %s (mine: %s), with the lease given back: %s',
  (status, isMine, kind) => {
    expect(stepAfter(mine(isMine), ended(status), released)).toEqual({ kind });
  },
);

test('one that was refused before it took any file is the end: asking again would be refused again', () => {
  expect(stepAfter(mine(true), ended('refused', []), released)).toEqual({ kind: 'end' });
});

test('a lease that is still of the run itself is followed nowhere', () => {
  expect(stepAfter(mine(true), ended('promoted'), { runId: RUN, startedAt })).toEqual({ kind: 'end' });
  expect(stepAfter(mine(true), ended('promoted'), undefined)).toEqual({ kind: 'end' });
});
