import { type DocumentNode, Lexer, parse, Source, TokenKind } from 'graphql';
import { LIMITS, tooComplex } from './limits.ts';

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/**
 * Parses a request. Throws ConfigError `TOO_COMPLEX` for one that is too long or too deep, before it is parsed: the parser goes
 * down into what is nested, and would run out of stack.
 */
export function readDocument(query: string): DocumentNode {
  const source = new Source(query);
  const lexer = new Lexer(source);
  let [tokens, nesting] = [0, 0];
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    tokens++;
    if (OPENING.has(token.kind)) nesting++;
    if (CLOSING.has(token.kind)) nesting--;
    if (tokens > LIMITS.tokens) throw tooComplex('tokens', tokens);
    if (nesting > LIMITS.nesting) throw tooComplex('nesting', nesting);
  }
  return parse(source);
}
