import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Executions } from '../../etl/ports.ts';
import { inAws, isNamed } from './aws-errors.ts';

/** What executions are started with. */
export interface StepFunctionsOptions {
  readonly sfn: SFNClient;
  readonly stateMachineArn: string;
}

/** Executions of the state machine. A name is used once in 90 days, which is what keeps one run from starting twice. */
export function stepFunctions({ sfn, stateMachineArn }: StepFunctionsOptions): Executions {
  return {
    async status({ runId }) {
      const executionArn = executionArnOf(stateMachineArn, runId);
      const doing = {
        doing: `asking after run ${runId}`,
        needs: `states:DescribeExecution on ${executionArn}`,
      };
      return await inAws(doing, async () => {
        try {
          const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
          return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
        } catch (error) {
          if (isNamed(error, 'ExecutionDoesNotExist')) return 'none';
          throw error;
        }
      });
    },
    async start({ dataset, runId }) {
      const doing = { doing: `starting run ${runId}`, needs: `states:StartExecution on ${stateMachineArn}` };
      const input = JSON.stringify({ dataset, runId, start: 'plan' });
      return await inAws(doing, async () => {
        try {
          await sfn.send(new StartExecutionCommand({ stateMachineArn, name: runId, input }));
          return 'started';
        } catch (error) {
          if (isNamed(error, 'ExecutionAlreadyExists')) return 'exists';
          throw error;
        }
      });
    },
  };
}

/** `…:stateMachine:x`, `run` → `…:execution:x:run`. */
export function executionArnOf(stateMachineArn: string, runId: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
}
