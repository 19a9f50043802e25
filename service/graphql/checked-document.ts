import { type DocumentNode, type GraphQLError, type GraphQLSchema, specifiedRules, validate } from 'graphql';
import { checkLimits } from './limits.ts';
import { readDocument } from './read-document.ts';
import { refuseControl } from './seen-texts.ts';

/** Errors reported of one request, so that malicious ones don't return thousands. */
const MOST_ERRORS = 10;

/** A request's document, and what its schema has against it. Throws what is wrong with its text, and ConfigError `TOO_COMPLEX`. */
export function checkedDocument(
  schema: GraphQLSchema,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): { readonly document: DocumentNode; readonly errors: readonly GraphQLError[] } {
  const document = readDocument(query);
  checkLimits(document, schema, variables);
  refuseControl(document, variables);
  const errors = validate(schema, document, specifiedRules, { maxErrors: MOST_ERRORS });
  return { document, errors: errors.slice(0, MOST_ERRORS) };
}
