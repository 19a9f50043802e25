import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { interpret } from '../../adapters/local/interpreter.ts';
import { localDefinition } from '../../adapters/local/local-definition.ts';
import { STAGES, type StageName } from '../../etl/stages/handlers.ts';
import { definitionText, failure } from './fake-stages.ts';

type Validate = (definition: unknown) => { readonly isValid: boolean; errorsText(): string };
const validate = createRequire(import.meta.url)('asl-validator') as Validate;

interface Retrier {
  readonly ErrorEquals: string[];
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxAttempts: number;
  readonly MaxDelaySeconds: number;
  readonly JitterStrategy: string;
}
interface State {
  readonly Type: string;
  readonly TimeoutSeconds?: number;
  readonly Retry?: Retrier[];
  readonly Catch?: { readonly ErrorEquals: string[]; readonly Next: string; readonly ResultPath: string }[];
  readonly ResultPath?: string | null;
  readonly ItemProcessor?: { readonly States: Record<string, State> };
}
interface Machine {
  readonly TimeoutSeconds?: number;
  readonly States: Record<string, State>;
}
const machine: Machine = JSON.parse(definitionText);
const top = Object.entries(machine.States);
const inMaps = top.flatMap(([, state]) => Object.entries(state.ItemProcessor?.States ?? {}));
const tasks = [...top, ...inMaps].filter(([, state]) => state.Type === 'Task');

describe('medallion.asl.json', () => {
  test('is valid Amazon States Language once its substitutions are made', () => {
    const substituted = definitionText.replace(/\$\{(\w+)\}/g, (_, name: string) =>
      name.endsWith('Arn') ? `arn:aws:lambda:eu-west-1:123456789012:function:${name}` : name.toLowerCase(),
    );
    const result = validate(JSON.parse(substituted));
    expect(result.errorsText()).toBe('');
    expect(result.isValid).toBe(true);
  });

  test('names every substitution that CDK has to make', () => {
    const names = new Set([...definitionText.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect([...names].sort()).toEqual([
      'AlignArn',
      'GateArn',
      'HoldArn',
      'LakeBucket',
      'NoteFailureArn',
      'Partition',
      'PlanArn',
      'PromoteArn',
      'RecordFailureArn',
      'RefineArn',
      'RefreshGoldArn',
      'RewriteArn',
      'SealArn',
      'SurveyArn',
      'SweepArn',
    ]);
  });

  test('names no partition of AWS: it is deployed to China and GovCloud as well', () => {
    expect(definitionText).not.toContain('arn:aws:');
  });

  test('no task and no execution can hang', () => {
    for (const [, state] of tasks) expect(state.TimeoutSeconds).toBeGreaterThan(0);
    expect(machine.TimeoutSeconds).toBeGreaterThan(0);
  });

  test.each(tasks)(
    '%s is retried on what may pass, with backoff and full jitter, and on nothing else',
    (_, state) => {
      expect(state.Retry).toEqual([
        {
          ErrorEquals: [
            'ThrottledError',
            'Lambda.TooManyRequestsException',
            'Lambda.ServiceException',
            'Lambda.AWSLambdaException',
            'Lambda.SdkClientException',
            'Lambda.ClientExecutionTimeoutException',
          ],
          IntervalSeconds: 2,
          BackoffRate: 2,
          MaxAttempts: 60,
          MaxDelaySeconds: 60,
          JitterStrategy: 'FULL',
        },
        {
          ErrorEquals: ['TransientError'],
          IntervalSeconds: 1,
          BackoffRate: 2,
          MaxAttempts: 5,
          MaxDelaySeconds: 60,
          JitterStrategy: 'FULL',
        },
      ]);
    },
  );

  test.each(tasks)(
    '%s waits out a throttle for as long as the longest function may keep its place',
    (_, { Retry = [] }) => {
      const throttled = Retry.find(({ ErrorEquals }) =>
        ErrorEquals.includes('Lambda.TooManyRequestsException'),
      );
      const waits = Array.from({ length: throttled?.MaxAttempts ?? 0 }, (_, n) =>
        // Full jitter: by chance between nothing and this, half of it on average.
        Math.min((throttled?.IntervalSeconds ?? 0) * 2 ** n, throttled?.MaxDelaySeconds ?? 0),
      );
      expect(waits.reduce((sum, wait) => sum + wait / 2, 0)).toBeGreaterThan(900);
    },
  );

  test.each(['Refine', 'Survey'])(
    'what %s returns stays below the 256 KB of a state, however many chunks there are',
    async (name) => {
      const local = localDefinition(definitionText, Object.keys(STAGES) as StageName[]).maps.get(name);
      if (local === undefined) throw new Error(`There is no Map ${name}.`);
      const long = { chunk: '0001', text: 'x'.repeat(1000) };
      for (const answer of [async () => long, () => Promise.reject(failure('ConflictError'))]) {
        const output = await interpret({
          definition: local.definition,
          input: { dataset: 'a.b', runId: 'run-1' },
          context: { Map: { Item: { Index: 0, Value: { chunk: '0001', part: '0001' } } } },
          tasks: { [`${name}Chunk`]: answer },
          signal: new AbortController().signal,
        });
        expect(JSON.stringify(Array.from({ length: 50_000 }, () => output)).length).toBeLessThan(256 * 1024);
      }
    },
  );

  test.each(top.filter(([, state]) => state.Type === 'Task' || state.Type === 'Map'))(
    '%s catches everything, and keeps what is known of the run',
    (_, state) => {
      expect(state.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
      for (const { ResultPath } of state.Catch ?? []) expect(ResultPath).toMatch(/^\$\.\w+$/);
      expect(state.ResultPath === null || /^\$\.\w+$/.test(state.ResultPath ?? '')).toBe(true);
    },
  );
});
