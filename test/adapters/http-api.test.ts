import { describe, expect, test } from '@jest/globals';
import { answerOf, requestOf } from '../../adapters/aws/http-api.ts';

/** The events and answers of an HTTP API, as https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html has them. */

const SITE = new URL('https://assay.example.org');
const never = (): Promise<string> => Promise.reject(new Error('it is small'));

describe('a request', () => {
  test('is asked of the service’s own address, with its cookies and its bytes', async () => {
    const request = requestOf(
      {
        version: '2.0',
        rawPath: '/v1/query',
        rawQueryString: 'a=1&a=2&b=%C3%A4',
        cookies: ['one=1', 'two=2'],
        headers: {
          'content-type': 'application/json',
          host: 'other.example',
          'x-forwarded-host': 'evil.example',
        },
        requestContext: { http: { method: 'POST', path: '/v1/query' } },
        body: Buffer.from('{"sql":"SELECT 1"}').toString('base64'),
        isBase64Encoded: true,
      },
      SITE,
    );
    expect(request.url).toBe('https://assay.example.org/v1/query?a=1&a=2&b=%C3%A4');
    expect(request.headers.get('cookie')).toBe('one=1; two=2');
    // The Host is what was asked: the service refuses it where it is another's.
    expect(request.headers.get('host')).toBe('other.example');
    expect(await request.text()).toBe('{"sql":"SELECT 1"}');
  });

  test('that is none is refused', () => {
    expect(() => requestOf({ Records: [] }, SITE)).toThrow();
  });
});

describe('an answer', () => {
  test('has its cookies apart, text as text, and other bytes as base64', async () => {
    const headers = new Headers({ 'content-type': 'text/html; charset=UTF-8' });
    headers.append('set-cookie', 'a=1; Path=/');
    headers.append('set-cookie', 'b=2; Path=/');
    expect(await answerOf(new Response('ä', { status: 201, headers }), never)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/html; charset=UTF-8' },
      cookies: ['a=1; Path=/', 'b=2; Path=/'],
      body: 'ä',
      isBase64Encoded: false,
    });
    const bytes = new Response(new Uint8Array([0, 255]), { headers: { 'content-type': 'application/zip' } });
    expect(await answerOf(bytes, never)).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
    expect(await answerOf(new Response(null, { status: 304 }), never)).toMatchObject({
      statusCode: 304,
      body: '',
    });
  });

  test('that a function can’t give is kept elsewhere, whole, and led to', async () => {
    const piece = new Uint8Array(1024 * 1024).fill(7);
    const body = ReadableStream.from([piece, piece, piece, piece, piece, piece]);
    let keptBytes = 0;
    const answer = await answerOf(
      new Response(body, {
        headers: { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="a.csv"' },
      }),
      async (bytes, headers) => {
        for await (const one of bytes) keptBytes += one.byteLength;
        expect(headers.get('content-disposition')).toBe('attachment; filename="a.csv"');
        return 'https://bucket.example/kept';
      },
    );
    expect(answer).toMatchObject({
      statusCode: 303,
      headers: { location: 'https://bucket.example/kept' },
      body: '',
    });
    expect(keptBytes).toBe(6 * 1024 * 1024);
  });

  test('that never ends is one event', async () => {
    let isLetGo = false;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('event: change\n\n')),
      cancel: () => {
        isLetGo = true;
      },
    });
    const events = new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    expect(await answerOf(events, never)).toMatchObject({ statusCode: 200, body: 'event: change\n\n' });
    expect(isLetGo).toBe(true);
  });
});
