import { describe, expect, test } from '@jest/globals';
import { isBlankSql, isEnded, withoutEnd } from '../../etl/query/sql-text.ts';

describe('where a statement ends', () => {
  test.each([
    ['SELECT 1', 'SELECT 1', false],
    ['SELECT 1;', 'SELECT 1', true],
    ['SELECT 1 ; -- no ; here\n', 'SELECT 1', true],
    ["SELECT ';", "SELECT ';", false],
    ["SELECT 'it''s;';", "SELECT 'it''s;'", true],
    ['SELECT "a;', 'SELECT "a;', false],
    ['SELECT 1 -- ;', 'SELECT 1', false],
    ['SELECT 1 /* ; ', 'SELECT 1', false],
    ['SELECT 1; /* and', 'SELECT 1', false],
    ['SELECT $$a;$$;', 'SELECT $$a;$$', true],
    ['SELECT $x$ $$ ;', 'SELECT $x$ $$ ;', false],
    ["SELECT '--';", "SELECT '--'", true],
  ])('%j', (text, statement, ended) => {
    expect([withoutEnd(text), isEnded(text)]).toEqual([statement, ended]);
  });

  test('comments and semicolons alone are nothing to ask', () => {
    expect(['', ' ;', '-- x', '/* x */;\n', "'"].map(isBlankSql)).toEqual([true, true, true, true, false]);
  });
});
