import type { Ctx } from './env.ts';

/** A file that is answered. */
export interface SentAnswer {
  readonly name: string;
  /** Its media type. */
  readonly type: string;
  /** What else is said of it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** A file that browsers keep under its name; it is read as it is sent. */
export async function fileAnswer(c: Ctx, { name, type, headers = {}, bytes }: SentAnswer): Promise<Response> {
  const isRead = c.req.method !== 'HEAD';
  // What is held for it is let go.
  if (!isRead) await bytes[Symbol.asyncIterator]().return?.();
  return c.newResponse(isRead ? ReadableStream.from(bytes) : null, 200, {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
    'Cache-Control': 'private, no-store',
    ...headers,
  });
}
