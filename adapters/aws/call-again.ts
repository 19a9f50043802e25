import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { inAws } from './aws-errors.ts';

/** Has a function called with an event, and doesn't wait for what it does. */
export async function callAgain(lambda: LambdaClient, FunctionName: string, event: object): Promise<void> {
  const doing = { doing: `calling ${FunctionName} again`, needs: `lambda:InvokeFunction on ${FunctionName}` };
  const Payload = Buffer.from(JSON.stringify(event));
  await inAws(doing, () =>
    lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload })),
  );
}
