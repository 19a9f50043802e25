import type { z } from 'zod';
import { DataError } from '../errors.ts';
import type { ObjectStore, WriteCondition } from '../ports.ts';

/** Stores a document as JSON; on a condition where one is given. */
export async function putDocument(
  objects: ObjectStore,
  key: string,
  document: unknown,
  condition?: WriteCondition,
): Promise<void> {
  await objects.put(key, Buffer.from(`${JSON.stringify(document, null, 1)}\n`), condition);
}

/** Reads a document and checks its shape; throws DataError where it is missing or of another shape. */
export async function getDocument<T>(objects: ObjectStore, key: string, shape: z.ZodType<T>): Promise<T> {
  const stored = await objects.get(key);
  if (stored === undefined)
    throw new DataError('DOCUMENT_MISSING', `${key} is missing.`, { context: { key } });
  return parseDocument(stored.body, key, shape);
}

/** Parses a document that has been read. */
export function parseDocument<T>(body: Uint8Array, key: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch (error) {
    throw new DataError('DOCUMENT_DAMAGED', `${key} can't be read as what it should be.`, {
      cause: error,
      context: { key },
    });
  }
}
