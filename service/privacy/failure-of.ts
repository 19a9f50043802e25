import { AssayError } from '../../etl/errors.ts';

/** What is told of work that failed in the background: what went wrong inside of the service is in its log alone. */
export function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof AssayError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: 'Something went wrong inside of the service: see its log.' };
}
