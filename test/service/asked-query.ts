import { setTimeout as sleep } from 'node:timers/promises';
import type { AskedService } from './asked-service.ts';

/**
 * Asks in SQL and returns what is answered in the end, however long a busy machine takes: where the answer is under way (202),
 * it is asked for again until it is there, or refused.
 */
export async function askedQuery(
  service: AskedService,
  body: { readonly sql: string; readonly limit?: number },
): Promise<Response> {
  const answer = await service.post('/v1/query', body);
  if (answer.status !== 202) return answer;
  const { id } = (await answer.json()) as { id: string };
  for (;;) {
    const later = await service.ask(`/v1/queries/${id}?limit=${body.limit ?? 100}`);
    if (later.status !== 202) return later;
    await sleep(200);
  }
}
