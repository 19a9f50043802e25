import { z } from 'zod';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { messageOf, TransientError } from '../../etl/errors.ts';
import { runsPrefix } from '../../etl/naming/runs.ts';
import { RESOLUTION_NAME } from '../../stream/policy/policy-store.ts';
import { route } from './route.ts';

/** Whether the process lives. */
export const healthz = route({
  method: 'get',
  path: '/healthz',
  permission: 'everyone',
  tag: 'The service',
  summary: 'Whether the service lives',
  answer: z.object({ status: z.literal('ok'), version: z.string() }),
  handle: async (_, { version }) => ({ status: 'ok' as const, version }),
});

/** Whether the lake, its contracts and the policies can be read. */
export const readyz = route({
  method: 'get',
  path: '/readyz',
  permission: 'everyone',
  tag: 'The service',
  summary: 'Whether the lake, its contracts and the policies of events can be read',
  answer: z.object({ status: z.literal('ready') }),
  async handle(_, { lake: { effects }, policies }) {
    try {
      await loadContracts(effects.contracts);
      await effects.objects.list(`${runsPrefix()}~`);
    } catch (error) {
      throw new TransientError('NOT_READY', `The lake can't be read: ${messageOf(error)}`, { cause: error });
    }
    try {
      await policies.read(RESOLUTION_NAME);
    } catch (error) {
      throw new TransientError('NOT_READY', `The policies can't be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return { status: 'ready' as const };
  },
});
