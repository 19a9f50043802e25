import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertEnumValueName, assertName } from 'graphql';
import { graphqlName } from '../../service/graphql/names.ts';

/** Names of contracts, what is near them, and anything. */
const original = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9_]{0,8}(\.[a-z][a-z0-9_]{0,8})?$/),
  fc.stringMatching(/^[a-c_.]{1,6}$/),
  fc.constantFrom(
    'true',
    'false',
    'null',
    '__typename',
    '__schema',
    '1st',
    '',
    'a.b_c',
    'a_b.c',
    'a__b.c',
    'a.b__c',
    'é',
    '_',
    '__',
  ),
  fc.string({ unit: 'binary' }),
);

test('every name is one of GraphQL, and no other has it', () => {
  fc.assert(
    fc.property(original, original, (one, other) => {
      const name = graphqlName(one);
      expect(assertEnumValueName(assertName(name))).toBe(name);
      expect(name.startsWith('__')).toBe(false);
      expect(graphqlName(other) === name).toBe(one === other);
    }),
  );
});

test.each([
  ['amount', 'amount'],
  ['spend.council_payments', 'spend__council_payments'],
  ['a.b_c', 'a__b_c'],
  ['a_b.c', 'a_b__c'],
])('%s is plain: %s', (one, name) => {
  expect(graphqlName(one)).toBe(name);
});
