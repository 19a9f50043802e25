import { GraphQLError } from 'graphql';
import { AssayError } from '../../etl/errors.ts';
import { problemOf } from '../http/problem.ts';

/**
 * An error for the answer: with the code that the command prints; of unforeseen errors, only where they occurred.
 * `onUnforeseen` gets those with their full text.
 */
export function formattedError(
  error: Readonly<GraphQLError | Error>,
  onUnforeseen: (error: unknown) => void,
): GraphQLError {
  const isGraphql = error instanceof GraphQLError;
  const cause = isGraphql ? error.originalError : error;
  const place = isGraphql
    ? {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
      }
    : {};
  if (cause === undefined || cause instanceof GraphQLError) {
    const code = error.message.startsWith('Syntax Error') ? 'GRAPHQL_SYNTAX' : 'GRAPHQL';
    return new GraphQLError(error.message, { ...place, extensions: { code } });
  }
  if (!isGraphql && !(cause instanceof AssayError))
    return new GraphQLError(cause.message, { extensions: { code: 'REQUEST' } });
  if (!(cause instanceof AssayError)) onUnforeseen(cause);
  const { code, detail, context } = problemOf(cause);
  return new GraphQLError(detail, { ...place, extensions: { ...context, code } });
}
