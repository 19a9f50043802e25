import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { definitionText } from './fake-stages.ts';

type Validate = (definition: unknown) => { readonly isValid: boolean; errorsText(): string };
const validate = createRequire(import.meta.url)('asl-validator') as Validate;

interface State {
  readonly Type: string;
  readonly TimeoutSeconds?: number;
  readonly Retry?: { readonly ErrorEquals: string[] }[];
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
      'PlanArn',
      'PromoteArn',
      'RecordFailureArn',
      'RefineArn',
      'RefreshGoldArn',
      'SealArn',
      'SurveyArn',
      'SweepArn',
    ]);
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
            'TransientError',
            'Lambda.ServiceException',
            'Lambda.AWSLambdaException',
            'Lambda.SdkClientException',
            'Lambda.ClientExecutionTimeoutException',
            'Lambda.TooManyRequestsException',
          ],
          IntervalSeconds: 1,
          BackoffRate: 2,
          MaxAttempts: 5,
          MaxDelaySeconds: 60,
          JitterStrategy: 'FULL',
        },
      ]);
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
