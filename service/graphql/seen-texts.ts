import { type DocumentNode, visit } from 'graphql';
import { ConfigError } from '../../etl/errors.ts';
import { controlIn } from '../http/control-characters.ts';

/** Throws ConfigError `REQUEST` for a text of the query, or of its variables, that has a control character in it. */
export function refuseControl(document: DocumentNode, variables: Readonly<Record<string, unknown>>): void {
  let found = controlIn(variables, 'variables');
  visit(document, {
    StringValue: ({ value, loc }) => {
      found ??= controlIn(value, `query, line ${loc?.startToken.line ?? '?'}`);
    },
  });
  if (found !== undefined)
    throw new ConfigError(
      'REQUEST',
      `The request can't be understood: ${found}: it has a control character: leave it out.`,
    );
}
