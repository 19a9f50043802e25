import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { runAthenaQuery } from '../../adapters/aws/athena-query.ts';

/**
 * What Athena ends with when it doesn't answer, which the emulator can't be brought to: a server that gives the answers
 * of Athena's API reference (https://docs.aws.amazon.com/athena/latest/APIReference).
 */

type Answers = Readonly<Record<string, (input: Record<string, unknown>) => object>>;

let server: Server;
let answers: Answers;
let asked: string[] = [];
const before = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      asked.push(operation);
      const answer = answers[operation]?.(JSON.parse(body)) ?? {};
      response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-west-2',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterEach(() => {
  asked = [];
});
afterAll(async () => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const PLACE = { workgroups: ['analysts'] };
const ask = (signal = new AbortController().signal) => runAthenaQuery('SELECT 1', PLACE, signal);

/** A query that ends in a state, with what the API says beside it. */
function endsAs(State: string, status: object, more: Answers = {}): Answers {
  return {
    StartQueryExecution: () => ({ QueryExecutionId: 'q1' }),
    GetQueryExecution: () => ({
      QueryExecution: {
        QueryExecutionId: 'q1',
        Status: { State, ...status },
        Statistics: { DataScannedInBytes: 10_737_418_300 },
      },
    }),
    ...more,
  };
}

describe('a query that is not answered', () => {
  test('because it would read too much: the limit, and what to ask for instead', async () => {
    answers = endsAs(
      'CANCELLED',
      { StateChangeReason: 'Query cancelled! : Bytes scanned limit was exceeded' },
      {
        GetWorkGroup: () => ({
          WorkGroup: { Name: 'analysts', Configuration: { BytesScannedCutoffPerQuery: 10_737_418_240 } },
        }),
      },
    );
    await expect(ask()).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'SCAN_LIMIT',
      message: expect.stringMatching(/10737418240 bytes.*workgroup analysts.*partition column/),
    });
  });

  test('because the limit was met, also where the workgroup itself may not be read', async () => {
    answers = endsAs(
      'CANCELLED',
      { StateChangeReason: 'Bytes scanned limit was exceeded' },
      {
        GetWorkGroup: () => ({ __type: 'AccessDeniedException', message: 'no' }),
      },
    );
    await expect(ask()).rejects.toMatchObject({ code: 'SCAN_LIMIT' });
  });

  test.each([
    [
      'the SQL is wrong',
      { ErrorCategory: 2 },
      "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
      'ConfigError',
      'SQL',
    ],
    [
      'a permission is missing',
      { ErrorCategory: 2 },
      'User: ann is not authorized to perform: glue:GetTable on resource: table/x',
      'ConfigError',
      'AWS_DENIED',
    ],
    [
      'Athena was too busy',
      { ErrorCategory: 1, Retryable: true },
      'Query exhausted resources',
      'TransientError',
      'AWS_UNAVAILABLE',
    ],
    ['Athena broke', { ErrorCategory: 1 }, 'GENERIC_INTERNAL_ERROR', 'DataError', 'QUERY_FAILED'],
  ])('because %s', async (_, AthenaError, reason, name, code) => {
    answers = endsAs('FAILED', { StateChangeReason: reason, AthenaError });
    await expect(ask()).rejects.toMatchObject({ name, code, message: expect.stringContaining(reason) });
  });

  test('because Athena refuses it at once', async () => {
    answers = {
      StartQueryExecution: () => ({
        __type: 'InvalidRequestException',
        Message: "line 1:1: mismatched input 'FROM'",
      }),
    };
    await expect(ask()).rejects.toMatchObject({
      code: 'SQL',
      message: expect.stringContaining('mismatched'),
    });
    answers = {
      StartQueryExecution: () => ({
        __type: 'InvalidRequestException',
        Message: 'WorkGroup analysts is not found.',
      }),
    };
    await expect(ask()).rejects.toMatchObject({ code: 'AWS_MISSING' });
  });

  test('because a person stops it: then Athena stops, too', async () => {
    const stop = new AbortController();
    answers = {
      ...endsAs('RUNNING', {}),
      GetQueryExecution: () => {
        stop.abort();
        return { QueryExecution: { QueryExecutionId: 'q1', Status: { State: 'RUNNING' } } };
      },
    };
    await expect(ask(stop.signal)).rejects.toMatchObject({ code: 'QUERY_STOPPED' });
    expect(asked.at(-1)).toBe('StopQueryExecution');
  });
});

test('the header is taken off the first page of an answer only, and NULL is no text', async () => {
  const row = (...values: (string | undefined)[]) => ({
    Data: values.map((VarCharValue) => ({ VarCharValue })),
  });
  answers = {
    StartQueryExecution: () => ({ QueryExecutionId: 'q1' }),
    GetQueryExecution: () => ({
      QueryExecution: {
        QueryExecutionId: 'q1',
        StatementType: 'DML',
        Status: { State: 'SUCCEEDED' },
        Statistics: { DataScannedInBytes: 12 },
      },
    }),
    GetQueryResults: ({ NextToken }) => ({
      ResultSet: {
        ResultSetMetadata: { ColumnInfo: [{ Name: 'v', Type: 'varchar' }] },
        Rows: NextToken === undefined ? [row('v'), row('v'), row(undefined)] : [row('v'), row('')],
      },
      ...(NextToken === undefined ? { NextToken: 'more' } : {}),
    }),
  };
  const { columns, scannedBytes, pages } = await ask();
  const found: unknown[] = [];
  for await (const page of pages()) found.push(page);
  expect({ columns, scannedBytes, found }).toEqual({
    columns: [{ Name: 'v', Type: 'varchar' }],
    scannedBytes: 12,
    found: [
      [['v'], [null]],
      [['v'], ['']],
    ],
  });
});
