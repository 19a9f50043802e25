import { describe, expect, test } from '@jest/globals';
import { definitionText, failure, quickDefinition, TOLD_OF, trace } from './fake-stages.ts';

const PROMOTED = ['plan', 'refine', 'seal', 'gate', 'promote', 'refreshGold', 'sweep'];
const run = { dataset: 'spend.council_payments', runId: 'run-1' };

/** A plan with files that are too large for one worker. */
const REWRITING = {
  seal: [{ rewrites: 2, rewritesKey: 'ops/rewrites.json' }, { digest: 'abc' }],
};
const tasks = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ chunk: `${n}`, task: `${n}`, part: '' }));
const CUT = { plan: { status: 'planned', itemsKey: 'x', surveysKey: 's', surveys: 2 } };

describe('the way of the data', () => {
  test('a good run goes through every stage once, in order', async () => {
    const { result, order } = await trace();
    expect(order).toEqual(PROMOTED);
    expect(result).toMatchObject({
      status: 'succeeded',
      output: { ...run, gate: { decision: 'promote' }, promote: { version: 1 }, sweep: { pending: false } },
    });
  });

  test('each stage is told what it needs and no more', async () => {
    const { inputs } = await trace(
      { gate: { decision: 'hold', why: ['too many'] } },
      { items: [{ chunk: '7', part: '0003' }] },
    );
    expect(inputs.plan).toEqual([{ ...run, conflicts: 0 }]);
    expect(inputs.refine).toEqual([{ ...run, chunk: '7', part: '0003' }]);
    expect(inputs.seal).toEqual([{ ...run, rewriting: 'choose' }]);
    expect(inputs.hold).toEqual([{ ...run, gate: { decision: 'hold', why: ['too many'] } }]);
    expect((await trace()).inputs.promote).toEqual([{ ...run, execution: 'run-1' }]);
  });

  test('files that are cut are surveyed and aligned first', async () => {
    const { result, order, inputs } = await trace(CUT, { items: chunks(2) });
    expect(order.slice(0, 6)).toEqual(['plan', 'survey', 'survey', 'align', 'refine', 'refine']);
    expect(inputs.survey).toEqual([
      { ...run, chunk: '0', part: '' },
      { ...run, chunk: '1', part: '' },
    ]);
    expect(inputs.align).toEqual([run]);
    expect(result.status).toBe('succeeded');
  });

  test('a survey that fails fails the run, and what failed is noted', async () => {
    const { result, order, inputs } = await trace({ ...CUT, survey: failure('DataError', 'bad range') });
    expect(order).toEqual(['plan', 'survey', 'noteFailure', 'recordFailure']);
    expect(inputs.noteFailure).toEqual([
      { ...run, chunk: '0000', part: '', failure: { Error: 'DataError', Cause: 'bad range' } },
    ]);
    expect(result).toMatchObject({ status: 'failed', error: 'States.ExceedToleratedFailureThreshold' });
  });

  test('a survey on a base that moved is in vain, and the run is planned again', async () => {
    const answers = { ...CUT, survey: [failure('ConflictError'), {}], align: [failure('ConflictError'), {}] };
    const { result, order } = await trace(answers);
    expect(order.slice(0, 6)).toEqual(['plan', 'survey', 'align', 'plan', 'survey', 'align']);
    expect(result.status).toBe('succeeded');
  });

  test('where seal leaves files to workers, it is called again when they are done', async () => {
    const { result, order, inputs } = await trace(REWRITING, { items: tasks(2) });
    expect(order).toEqual([
      ...['plan', 'refine', 'refine', 'seal', 'rewrite', 'rewrite', 'seal'],
      ...PROMOTED.slice(3),
    ]);
    expect(inputs.rewrite).toEqual([
      { ...run, task: '0', part: '' },
      { ...run, task: '1', part: '' },
    ]);
    expect(inputs.seal).toEqual([
      { ...run, rewriting: 'choose' },
      { ...run, rewriting: 'done' },
    ]);
    expect(result.status).toBe('succeeded');
  });

  test('what a worker that writes files anew fails of is noted by its task, and the run fails', async () => {
    const answers = { ...REWRITING, rewrite: failure('DataError', 'rows were lost') };
    const { result, order, inputs } = await trace(answers, { items: tasks(1) });
    expect(order).toEqual(['plan', 'refine', 'seal', 'rewrite', 'noteFailure', 'recordFailure']);
    expect(inputs.noteFailure).toEqual([
      { ...run, chunk: '0', failure: { Error: 'DataError', Cause: 'rows were lost' } },
    ]);
    expect(result).toMatchObject({ status: 'failed', error: 'States.ExceedToleratedFailureThreshold' });
  });

  test('on a base that moved meanwhile, writing files anew is in vain, and the run is planned again', async () => {
    const answers = {
      seal: [REWRITING.seal[0], failure('ConflictError'), { digest: 'abc' }],
      rewrite: failure('ConflictError'),
    };
    const { result, order } = await trace(answers, { items: tasks(1) });
    expect(order).toEqual(['plan', 'refine', 'seal', 'rewrite', 'seal', ...PROMOTED]);
    expect(result.status).toBe('succeeded');
  });

  test('an approved run whose files workers write anew is measured against the approval', async () => {
    const approved = { digest: 'abc', by: 'ann', reason: 'r' };
    const { order, inputs } = await trace(
      { ...REWRITING, promote: [failure('ConflictError'), { version: 1 }] },
      { start: 'promote', approved, items: tasks(1) },
    );
    expect(order.slice(0, 7)).toEqual(['promote', 'plan', 'refine', 'seal', 'rewrite', 'seal', 'gate']);
    expect(inputs.gate).toEqual([{ ...run, approved }]);
  });

  test('with nothing to do, Gold is looked after all the same', async () => {
    const { result, order } = await trace({ plan: { status: 'nothing-to-do' } });
    expect(order).toEqual(['plan', 'refreshGold', 'sweep']);
    expect(result.status).toBe('succeeded');
  });

  test('an approved run starts at promote, with the approval', async () => {
    const approved = { digest: 'abc', by: 'ann', reason: 'looked at' };
    const { result, order, inputs } = await trace({}, { start: 'promote', approved });
    expect(order).toEqual(['promote', 'refreshGold', 'sweep']);
    expect(inputs.promote).toEqual([{ ...run, execution: 'run-1', approved }]);
    expect(result.status).toBe('succeeded');
  });

  const approved = { digest: 'abc', by: 'ann', reason: 'looked at' };

  test('an approved run whose base moved is planned and sealed again, and published if the gate agrees', async () => {
    const answers = { promote: [failure('ConflictError'), {}] };
    const { result, order, inputs } = await trace(answers, { start: 'promote', approved });
    expect(order).toEqual(['promote', ...PROMOTED]);
    expect(inputs.plan).toEqual([{ ...run, approved, conflicts: 1 }]);
    expect(inputs.gate).toEqual([{ ...run, approved }]);
    expect(inputs.promote?.[1]).toEqual({ ...run, execution: 'run-1', approved });
    expect(result.status).toBe('succeeded');
  });

  test('an approved run whose verdicts changed with the base is held again', async () => {
    const answers = { promote: failure('ConflictError'), gate: { decision: 'hold', why: ['changed'] } };
    const { result, order } = await trace(answers, { start: 'promote', approved });
    expect(order).toEqual(['promote', 'plan', 'refine', 'seal', 'gate', 'hold', 'sweep']);
    expect(result).toMatchObject({ status: 'succeeded', output: { hold: { status: 'held' } } });
  });

  test('a held run of which files were refused is planned without them, also after a lost race, and held again', async () => {
    const gate = { decision: 'hold', why: ['a person decides'] };
    const answers = { gate, seal: [failure('ConflictError'), {}] };
    const { result, order, inputs } = await trace(answers, { start: 'reseal' });
    expect(order).toEqual(['plan', 'refine', 'seal', 'plan', 'refine', 'seal', 'gate', 'hold', 'sweep']);
    expect(inputs.plan).toEqual([
      { ...run, rest: true, conflicts: 0 },
      { ...run, rest: true, conflicts: 1 },
    ]);
    expect(inputs.gate).toEqual([run]);
    expect(result).toMatchObject({ status: 'succeeded', output: { hold: { status: 'held' } } });
  });

  test('an approval that is refused is recorded, and publishes nothing', async () => {
    const { order } = await trace({ promote: failure('ConfigError') }, { start: 'promote', approved });
    expect(order).toEqual(['promote', 'recordFailure']);
  });

  test('a held run is no failure, and what came meanwhile is not forgotten', async () => {
    const { result, order } = await trace({ gate: { decision: 'hold', why: [] }, sweep: { pending: true } });
    expect(order).toEqual(['plan', 'refine', 'seal', 'gate', 'hold', 'sweep']);
    expect(result).toMatchObject({
      status: 'succeeded',
      output: { hold: { status: 'held' }, sweep: { pending: true } },
    });
  });

  test('a held run stays held when the sweep after it fails', async () => {
    const { result, order } = await trace({
      gate: { decision: 'hold', why: [] },
      sweep: failure('DataError'),
    });
    expect(order.at(-1)).toBe('sweep');
    expect(result).toMatchObject({ status: 'succeeded', output: { hold: { status: 'held' } } });
  });

  test.each([
    ['the plan', { plan: { status: 'refused', why: 'breaker open' } }, ['plan', 'recordFailure']],
    [
      'the gate',
      { gate: { decision: 'refuse', why: ['x'] } },
      ['plan', 'refine', 'seal', 'gate', 'recordFailure'],
    ],
    ['an unknown decision', { gate: { decision: '?' } }, ['plan', 'refine', 'seal', 'gate', 'recordFailure']],
  ])('a run refused by %s is recorded as refused, not as failed', async (_, answers, expected) => {
    const { result, order, inputs } = await trace(answers);
    expect(order).toEqual(expected);
    expect(inputs.recordFailure?.[0]).toMatchObject(answers);
    expect(inputs.recordFailure?.[0]).not.toHaveProperty('failure');
    expect(result).toEqual({ status: 'failed', error: 'RunRefused', cause: TOLD_OF });
  });
});

describe('failures', () => {
  test.each(['plan', 'align', 'seal', 'gate', 'promote', 'refreshGold', 'sweep'] as const)(
    'an unknown error in %s is not retried, recorded once, and ends the run under its own name, with the word that people were told',
    async (stage) => {
      const { result, order, inputs } = await trace({
        ...CUT,
        [stage]: failure('RangeError', 'out of range'),
      });
      expect(order.filter((one) => one === stage)).toHaveLength(1);
      expect(order.slice(-2)).toEqual([stage, 'recordFailure']);
      expect(inputs.recordFailure).toEqual([
        // Its text may quote a value, and stays behind.
        expect.objectContaining({
          ...run,
          failure: {
            Error: 'RangeError',
            Cause: expect.stringMatching(/^Something went wrong inside of Assay: RangeError at /),
          },
        }),
      ]);
      expect(result).toEqual({ status: 'failed', error: 'RangeError', cause: TOLD_OF });
    },
  );

  test.each(['DataError', 'ConfigError', 'TypeError'])('a %s is not retried', async (name) => {
    const { order } = await trace({ seal: failure(name) });
    expect(order).toEqual(['plan', 'refine', 'seal', 'recordFailure']);
  });

  test.each([
    'plan',
    'survey',
    'align',
    'refine',
    'seal',
    'rewrite',
    'gate',
    'promote',
    'refreshGold',
    'sweep',
    'recordFailure',
  ] as const)('a TransientError in %s is retried until it passes', async (stage) => {
    const passing = [
      failure('TransientError'),
      failure('TransientError'),
      { ...CUT.plan, decision: 'promote' },
    ];
    const broken =
      stage === 'recordFailure' ? { seal: failure('DataError') } : stage === 'rewrite' ? REWRITING : {};
    const { result, order } = await trace({ ...CUT, ...broken, [stage]: passing }, { items: tasks(1) });
    expect(order.filter((one) => one === stage)).toHaveLength(3);
    expect(result.status).toBe(stage === 'recordFailure' ? 'failed' : 'succeeded');
  });

  test('a TransientError that stays fails the run after five retries', async () => {
    const { result, order } = await trace({ gate: failure('TransientError', 'disk full') });
    expect(order.filter((one) => one === 'gate')).toHaveLength(6);
    expect(order.at(-1)).toBe('recordFailure');
    expect(result).toEqual({ status: 'failed', error: 'TransientError', cause: TOLD_OF });
  });

  test.each(['ThrottledError', 'Lambda.TooManyRequestsException', 'Lambda.SdkClientException'])(
    '%s is waited out far longer than passing trouble: others are at work, and will be done',
    async (name) => {
      const throttled = Array.from({ length: 40 }, () => failure(name));
      const { result, order } = await trace({ refine: [...throttled, {}] });
      expect(order.filter((one) => one === 'refine')).toHaveLength(41);
      expect(result.status).toBe('succeeded');
    },
  );

  test('the deployed waits are real, and short', async () => {
    const answers = { gate: [failure('TransientError'), { decision: 'promote', why: [] }] };
    const { result, order } = await trace(answers, { definition: definitionText });
    expect(order).toEqual(['plan', 'refine', 'seal', 'gate', 'gate', 'promote', 'refreshGold', 'sweep']);
    expect(result.status).toBe('succeeded');
  });

  test('when the failure cannot be recorded, the run still ends under its first error', async () => {
    const { result, order } = await trace({
      seal: failure('DataError', 'first'),
      recordFailure: failure('Error'),
    });
    expect(order).toEqual(['plan', 'refine', 'seal', 'recordFailure']);
    expect(result).toEqual({ status: 'failed', error: 'DataError', cause: 'first' });
  });

  test('when a refusal cannot be recorded, the run ends as refused, and its cause says what went wrong', async () => {
    const { result } = await trace({
      gate: { decision: 'refuse', why: ['x'] },
      recordFailure: failure('DataError', 'no disk'),
    });
    expect(result).toEqual({ status: 'failed', error: 'RunRefused', cause: 'no disk' });
  });

  test('what is thrown need not be an Error', async () => {
    const { result, inputs } = await trace({
      seal: () => {
        throw 'just text';
      },
    });
    expect(inputs.recordFailure).toMatchObject([
      { failure: { Error: 'Error', Cause: 'Something went wrong inside of Assay: Error.' } },
    ]);
    expect(result).toEqual({ status: 'failed', error: 'Error', cause: TOLD_OF });
  });

  test('a definition that names an unknown function is refused', async () => {
    const definition = quickDefinition.replace('PlanArn', 'PlanetArn');
    await expect(trace({}, { definition })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'STATE_MACHINE',
    });
  });
});

describe('lost races', () => {
  test.each(['seal', 'gate', 'promote'] as const)(
    'a ConflictError in %s leads back to plan',
    async (stage) => {
      const answers = {
        [stage]: [failure('ConflictError'), stage === 'gate' ? { decision: 'promote' } : {}],
      };
      const { result, order } = await trace(answers);
      expect(order).toEqual([...PROMOTED.slice(0, PROMOTED.indexOf(stage) + 1), ...PROMOTED]);
      expect(result).toMatchObject({ status: 'succeeded', output: { conflicts: { count: 1 } } });
    },
  );

  test('a chunk that finds its base gone is no failure: seal finds the same, and the run is planned again', async () => {
    const answers = {
      refine: [failure('ConflictError'), {}],
      seal: [failure('ConflictError'), { digest: 'abc' }],
    };
    const { result, order } = await trace(answers);
    expect(order).toEqual(['plan', 'refine', 'seal', ...PROMOTED]);
    expect(result.status).toBe('succeeded');
  });

  test('after eight lost races the run gives up, as a ConflictError', async () => {
    const { result, order, inputs } = await trace({ promote: failure('ConflictError', 'outrun') });
    expect(order.filter((one) => one === 'promote')).toHaveLength(8);
    expect(order.filter((one) => one === 'recordFailure')).toHaveLength(1);
    expect(inputs.recordFailure).toEqual([
      expect.objectContaining({ failure: { Error: 'ConflictError', Cause: 'outrun' } }),
    ]);
    expect(result).toEqual({ status: 'failed', error: 'ConflictError', cause: TOLD_OF });
  });

  test('the deployed wait between two tries is real', async () => {
    const started = Date.now();
    const { result } = await trace(
      { promote: [failure('ConflictError'), {}] },
      { definition: definitionText },
    );
    expect(result.status).toBe('succeeded');
    expect(Date.now() - started).toBeGreaterThan(900);
  });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const chunks = (count: number): { chunk: string; part: string }[] =>
  Array.from({ length: count }, (_, i) => ({ chunk: String(i), part: '' }));
const chunkOf = (input: unknown): number => Number((input as { chunk: string }).chunk);

describe('chunks', () => {
  test('a thousand are refined once each, no more at once than allowed', async () => {
    let active = 0;
    let most = 0;
    const refine = async (): Promise<unknown> => {
      most = Math.max(most, ++active);
      await pause(1);
      active -= 1;
      return {};
    };
    const { result, order, inputs } = await trace({ refine }, { items: chunks(1000), concurrency: 7 });
    expect(result.status).toBe('succeeded');
    expect(inputs.refine).toEqual(chunks(1000).map((item) => ({ ...run, ...item })));
    expect(most).toBe(7);
    expect(order.filter((one) => one !== 'refine')).toEqual(PROMOTED.filter((one) => one !== 'refine'));
  });

  test('are refined one at a time unless said otherwise', async () => {
    let active = 0;
    const refine = async (): Promise<unknown> => {
      expect(++active).toBe(1);
      await pause(1);
      active -= 1;
      return {};
    };
    expect((await trace({ refine }, { items: chunks(20) })).result.status).toBe('succeeded');
  });

  test('none at all is no error', async () => {
    const { order } = await trace({}, { items: [] });
    expect(order).toEqual(PROMOTED.filter((stage) => stage !== 'refine'));
  });

  test('one that fails fails the run once, begins no other, and waits for those at work', async () => {
    let active = 0;
    let tellFailed = (): void => undefined;
    const oneFailed = new Promise<void>((resolve) => {
      tellFailed = resolve;
    });
    const refine = async (input: unknown): Promise<unknown> => {
      active += 1;
      if (chunkOf(input) !== 3) {
        await oneFailed;
        // Turn by turn: however slow the machine, the machine of states has the failure before these end.
        for (let turn = 0; turn < 50; turn++) await pause(1);
      }
      active -= 1;
      return chunkOf(input) === 3 ? failure('DataError', 'bad chunk') : {};
    };
    const noteFailure = (): unknown => {
      tellFailed();
      return {};
    };
    const recordFailure = (): unknown => ({ active, told: TOLD_OF });
    const { result, order, inputs } = await trace(
      { refine, noteFailure, recordFailure },
      { items: chunks(500), concurrency: 5 },
    );
    expect(order).toEqual([
      'plan',
      ...Array.from({ length: 5 }, () => 'refine'),
      'noteFailure',
      'recordFailure',
    ]);
    expect(active).toBe(0);
    expect(inputs.noteFailure).toEqual([
      { ...run, chunk: '3', part: '', failure: { Error: 'DataError', Cause: 'bad chunk' } },
    ]);
    expect(inputs.recordFailure?.[0]).toMatchObject({
      failure: {
        Error: 'States.ExceedToleratedFailureThreshold',
        Cause: 'Item 4 of 500 failed: DataError: bad chunk',
      },
    });
    expect(result).toMatchObject({ status: 'failed', error: 'States.ExceedToleratedFailureThreshold' });
  });

  test('a TransientError in one is retried there, and the others are not run again', async () => {
    let failures = 0;
    const refine = (input: unknown): unknown =>
      chunkOf(input) === 1 && failures++ < 2 ? failure('TransientError') : {};
    const { result, order } = await trace({ refine }, { items: chunks(3) });
    expect(result.status).toBe('succeeded');
    expect(order.filter((stage) => stage === 'refine')).toHaveLength(5);
  });

  test('a list that cannot be read is tried again, then fails the run', async () => {
    const { result, order, inputs } = await trace({}, { items: failure('TransientError', 'disk gone') });
    expect(order).toEqual(['plan', 'recordFailure']);
    const Cause = "Can't read the items in ops/chunks.json: disk gone";
    expect(inputs.recordFailure).toMatchObject([{ failure: { Error: 'States.ItemReaderFailed', Cause } }]);
    expect(result).toEqual({ status: 'failed', error: 'States.ItemReaderFailed', cause: TOLD_OF });
  });
});

describe('stopping', () => {
  test('ends what is running, begins nothing more, and records nothing', async () => {
    const stop = new AbortController();
    let finished = 0;
    const refine = async (): Promise<unknown> => {
      stop.abort();
      await pause(30);
      finished += 1;
      return {};
    };
    const { result, order } = await trace(
      { refine },
      { items: chunks(50), concurrency: 2, signal: stop.signal },
    );
    expect(result).toMatchObject({ status: 'failed', error: 'ExecutionAborted' });
    expect(finished).toBe(order.length - 1);
    await pause(50);
    expect(order.filter((stage) => stage !== 'refine')).toEqual(['plan']);
    expect(order.length).toBeLessThanOrEqual(3);
  });

  test('does not wait out a retry', async () => {
    const stop = new AbortController();
    const definition = definitionText
      .replaceAll('"IntervalSeconds": 1', '"IntervalSeconds": 60')
      .replaceAll('FULL', 'NONE');
    const gate = (): unknown => {
      setTimeout(() => stop.abort(), 10);
      return failure('TransientError');
    };
    const started = Date.now();
    const { result, order } = await trace({ gate }, { definition, signal: stop.signal });
    expect(result).toMatchObject({ status: 'failed', error: 'ExecutionAborted' });
    await pause(20);
    expect(order.filter((stage) => stage === 'gate')).toHaveLength(1);
    expect(Date.now() - started).toBeLessThan(50_000);
  });

  test('before the start begins nothing', async () => {
    const { result, order } = await trace({}, { signal: AbortSignal.abort() });
    expect(order).toEqual([]);
    expect(result).toMatchObject({ status: 'failed', error: 'ExecutionAborted' });
  });
});
