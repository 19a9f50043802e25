import { z } from 'zod';

const Page = z.looseObject({
  nextUri: z.string().optional(),
  data: z.array(z.array(z.unknown())).optional(),
  error: z.looseObject({ errorName: z.string(), message: z.string() }).optional(),
});

/** How long a server that has just started may take to know of itself as the one that runs queries. */
const PATIENCE_MS = 60_000;

/** The rows of one statement, asked of Trino by its protocol and by none of our code. */
export async function statement(url: string, sql: string): Promise<unknown[][]> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows, error } = await ask(url, sql);
    if (error === undefined) return rows;
    if (error.errorName !== 'NO_NODES_AVAILABLE' || Date.now() > until)
      throw new Error(`${sql}: ${error.errorName}: ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function ask(
  url: string,
  sql: string,
): Promise<{ readonly rows: unknown[][]; readonly error: z.infer<typeof Page>['error'] }> {
  const read = async (answer: Response) => Page.parse(await answer.json());
  const headers = { 'X-Trino-User': 'test', 'X-Trino-Time-Zone': 'UTC' };
  let page = await read(await fetch(`${url}/v1/statement`, { method: 'POST', body: sql, headers }));
  const rows: unknown[][] = [];
  for (;;) {
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return { rows, error: page.error };
    page = await read(await fetch(page.nextUri));
  }
}
