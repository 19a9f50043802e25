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
    async status(name) {
      const executionArn = executionArnOf(stateMachineArn, name);
      const doing = {
        doing: `asking after execution ${name}`,
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
    async start(name, input) {
      const doing = {
        doing: `starting execution ${name}`,
        needs: `states:StartExecution on ${stateMachineArn}`,
      };
      const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
      return await inAws(doing, async () => {
        try {
          await sfn.send(command);
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
