import { z } from 'zod';

/** What an HTTP API hands on to a function, in its payload format 2.0, as far as it is used. */
const Event = z.object({
  rawPath: z.string(),
  rawQueryString: z.string().default(''),
  cookies: z.array(z.string()).default([]),
  headers: z.record(z.string(), z.string()).default({}),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
});

/** What the HTTP API makes an answer of. */
export interface HttpApiAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Bytes that fit into the 6 MB of a function's answer once they are base64 and in JSON. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Keeps an answer that is too large, and returns the address from which it can be got for some minutes. */
export type KeepLarge = (bytes: AsyncIterable<Uint8Array>, headers: Headers) => Promise<string>;

/** The request of an event, asked of the service's own host; throws where the event is another. */
export function requestOf(event: unknown, publicUrl: URL): Request {
  const { rawPath, rawQueryString, cookies, headers: given, requestContext, ...sent } = Event.parse(event);
  const headers = new Headers(given);
  // The gateway takes cookies out of the headers.
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
  const { method } = requestContext.http;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  const hasBody = sent.body != null && method !== 'GET' && method !== 'HEAD';
  return new Request(`${publicUrl.origin}${rawPath}${query}`, {
    method,
    headers,
    ...(hasBody
      ? { body: sent.isBase64Encoded ? Buffer.from(sent.body ?? '', 'base64') : (sent.body ?? '') }
      : {}),
  });
}

/** An answer as the HTTP API takes it. One that is too large for a function's answer is kept elsewhere and leads there. */
export async function answerOf(response: Response, keepLarge: KeepLarge): Promise<HttpApiAnswer> {
  const { body, headers } = response;
  if (body !== null && headers.get('content-type')?.startsWith('text/event-stream') === true)
    return sent(response, await firstOf(body));
  if (body === null) return sent(response, Buffer.alloc(0));
  const pieces = body[Symbol.asyncIterator]();
  const read: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { value, done } = await pieces.next();
    if (done === true) return sent(response, Buffer.concat(read));
    read.push(value);
    size += value.byteLength;
    if (size > MOST_BYTES) break;
  }
  const location = await keepLarge(rejoined(read, pieces), response.headers);
  const elsewhere = new Headers({ location, 'cache-control': 'no-store' });
  return sent(new Response(null, { status: 303, headers: elsewhere }), Buffer.alloc(0));
}

/** The first event alone: the gateway passes nothing on before the end, and browsers ask again by themselves. */
async function firstOf(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const reader = body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value ?? []);
}

async function* rejoined(
  read: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* read;
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return;
    yield value;
  }
}

/** Types whose bodies are text, as they go through JSON best; all others are base64. */
const TEXT = /^(text\/|application\/(json|problem\+json|javascript|x-ndjson))/;

function sent({ status, headers }: Response, bytes: Buffer): HttpApiAnswer {
  const isText = TEXT.test(headers.get('content-type') ?? '');
  const plain: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name !== 'set-cookie') plain[name] = value;
  });
  return {
    statusCode: status,
    headers: plain,
    cookies: headers.getSetCookie(),
    body: bytes.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}
