import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { ConfigError, DataError, TransientError } from '../../etl/errors.ts';
import type { BronzeKeeper } from '../../etl/personal/adopting/bronze-keeper.ts';
import type { EraseRequest } from '../../etl/personal/adopting/erasable.ts';
import type { FileDataStore } from '../local/data-store.ts';
import { placeSealed } from '../local/place-sealed.ts';
import { inAws, isNamed } from './aws-errors.ts';

/** Keys that one call is asked to erase. */
const AT_ONCE = 200;

/** What keeping Bronze of a platform takes. */
export interface StackKeeperOptions {
  readonly data: Pick<FileDataStore, 'addFile'>;
  readonly lambda: LambdaClient;
  /** Name of the function that alone removes from Bronze; undefined in a stack of an older release. */
  readonly eraseFunction: string | undefined;
}

/**
 * Places sealed files in a platform's Bronze, as an ingest does, and has one function remove what they were made of, with
 * every version: nobody else may. It looks for itself whether that may go. Throws ConfigError `NOT_DEPLOYED` where the stack
 * has no such function, and what the function throws.
 */
export function stackKeeper({ data, lambda, eraseFunction }: StackKeeperOptions): BronzeKeeper {
  const call = async (request: EraseRequest): Promise<void> => {
    if (eraseFunction === undefined)
      throw new ConfigError(
        'NOT_DEPLOYED',
        'The stack is of a release that adopts nothing: deploy it again.',
      );
    while (!(await erase(lambda, eraseFunction, request))) {
      // It goes on where it stopped.
    }
  };
  return {
    place: (scratchPath, key, arrivedMs) => placeSealed(data, { scratchPath, key, arrivedMs }),
    async erase(adopted, keys) {
      for (let at = 0; at < keys.length; at += AT_ONCE)
        await call({ kind: 'objects', ...adopted, keys: keys.slice(at, at + AT_ONCE) });
    },
    eraseHistory: (adopted) => call({ kind: 'history', ...adopted }),
  };
}

const Answer = z.object({ isDone: z.boolean() });
const Failure = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

/** Whether all is gone that was asked for. */
async function erase(
  lambda: LambdaClient,
  FunctionName: string,
  { kind, dataset, ...rest }: EraseRequest,
): Promise<boolean> {
  const doing = {
    doing: `erasing what ${dataset} has in the clear`,
    needs: `lambda:InvokeFunction on ${FunctionName}`,
  };
  const Payload = Buffer.from(JSON.stringify({ kind, dataset, ...rest }));
  const { FunctionError, Payload: answer } = await inAws(doing, async () => {
    try {
      return await lambda.send(new InvokeCommand({ FunctionName, Payload }));
    } catch (error) {
      if (!isNamed(error, 'ResourceNotFoundException')) throw error;
      throw new ConfigError('NOT_DEPLOYED', `There is no function ${FunctionName}: deploy the stack again.`, {
        cause: error,
      });
    }
  });
  const said: unknown = JSON.parse(Buffer.from(answer ?? '{}').toString('utf8') || '{}');
  if (FunctionError === undefined) return Answer.parse(said).isDone;
  const { errorType = '', errorMessage = 'no reason' } = Failure.safeParse(said).data ?? {};
  const message = `Not all that ${dataset} has in the clear was removed: ${errorMessage} Adopt it again to go on.`;
  const details = { context: { dataset, error: errorType } };
  if (errorType === 'ConfigError') throw new ConfigError('NOT_ERASED', message, details);
  if (errorType === 'DataError') throw new DataError('NOT_ERASED', message, details);
  throw new TransientError('NOT_ERASED', message, details);
}
