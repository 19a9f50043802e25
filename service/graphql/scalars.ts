import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

/** Kinds of values that GraphQL has no type for; all are text, so that no reader rounds them. */

interface ScalarText {
  readonly name: string;
  readonly description: string;
  readonly form: RegExp;
  readonly example: string;
}

function textScalar({ name, description, form, example }: ScalarText): GraphQLScalarType<string, string> {
  const read = (value: unknown): string => {
    // A JSON number was a floating-point one on its way, unless it is a small integer.
    const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
    if (typeof text === 'string' && text.length <= MOST_CHARACTERS && form.test(text)) return text;
    throw new GraphQLError(`This is no ${name}: write it as text, e.g. "${example}".`);
  };
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: String,
    parseValue: read,
    parseLiteral: (node: ValueNode) =>
      read(
        node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT ? node.value : null,
      ),
  });
}

/** More than a value of these kinds ever has. */
const MOST_CHARACTERS = 100;

/** A decimal number, exactly. */
export const Decimal = textScalar({
  name: 'Decimal',
  description: 'A decimal number as text, with every digit that it has: "-1234.50".',
  form: /^[+-]?\d+(\.\d+)?$/,
  example: '-1234.50',
});

/** A whole number that may be greater than 2^53. */
export const BigInteger = textScalar({
  name: 'BigInt',
  description: 'A whole number as text, since many are greater than what JavaScript holds exactly.',
  form: /^[+-]?\d+$/,
  example: '9007199254740993',
});

/** A day. */
export const CalendarDate = textScalar({
  name: 'Date',
  description: 'A day as text: "2024-05-31".',
  form: /^\d{4}-\d{2}-\d{2}$/,
  example: '2024-05-31',
});

/** A moment. */
export const DateTime = textScalar({
  name: 'DateTime',
  description: 'A moment in UTC as text (RFC 3339): "2024-05-31T12:00:00Z". Another offset may be given.',
  form: /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i,
  example: '2024-05-31T12:00:00Z',
});

/** What has a shape of its own. */
export const JsonValue = new GraphQLScalarType({
  name: 'JSON',
  description: 'A list or an object, as JSON has it.',
  serialize: (value) => value,
  parseValue: () => {
    throw new GraphQLError('Nothing takes JSON.');
  },
});
