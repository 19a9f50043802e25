/** A JSON Schema: an object of keywords, or whether everything or nothing is valid. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

/** A schema, and the one that its references lead into. */
export interface JsonNode {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

const ALL = ['null', 'boolean', 'number', 'string', 'array', 'object'];

/** The types that a schema lets a value have; all where it says none. Those of its listed values, where it lists them. */
export function typesOf(schema: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const { type } = schema;
  const said = typeof type === 'string' ? [type] : Array.isArray(type) ? type.map(String) : undefined;
  if (said !== undefined) return new Set(said);
  const values = valuesOf(schema);
  return new Set(values === undefined ? ALL : values.map(typeOfValue));
}

/** The values that a schema lists; undefined where it lists none. */
export function valuesOf(schema: Readonly<Record<string, unknown>>): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, 'const')) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}
