import type { z } from 'zod';
import { ConflictError, DataError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import { getDocument } from './stored-documents.ts';

/**
 * The format of what a run's stages leave for one another. Raise it with each change that would make documents or
 * Parquet files of the previous release be read wrongly. Runs under way at a deployment, and held runs approved after
 * it, are then planned and refined anew.
 */
export const RUN_FORMAT = 5;

/**
 * Reads what an earlier stage of the same run left. Throws ConflictError `FORMAT_CHANGED`, so that the run is planned
 * again, where another release of Assay wrote it: by its format, or because it has another shape.
 */
export async function getRunDocument<T>(objects: ObjectStore, key: string, shape: z.ZodType<T>): Promise<T> {
  try {
    return await getDocument(objects, key, shape);
  } catch (error) {
    const isOther = error instanceof DataError && error.code === 'DOCUMENT_DAMAGED';
    throw isOther ? otherFormat(key, error) : error;
  }
}

/** The document, where this release wrote it; throws ConflictError `FORMAT_CHANGED` where another did. */
export function inFormat<T extends { readonly format?: number }>(document: T, key: string): T {
  if (document.format !== RUN_FORMAT) throw otherFormat(key);
  return document;
}

/** The error of a document that another release wrote. */
export function otherFormat(key: string, cause?: unknown): ConflictError {
  return new ConflictError(
    'FORMAT_CHANGED',
    `${key} was left by another release of Assay: a deployment came while the run was under way, or held. Planning again.`,
    { context: { key }, cause },
  );
}
