/** An Avro schema as it is written, and the named types that it defines. */
export interface AvroNode {
  readonly type: string;
  readonly logicalType: string | undefined;
  readonly scale: number;
  /** Of a record, in order. */
  readonly fields: readonly { readonly name: string; readonly node: AvroNode }[];
  /** Of an array or map. */
  readonly items: AvroNode | undefined;
  /** Of a union, by the name that a decoded value names its branch by. */
  readonly branches: ReadonlyMap<string, AvroNode>;
}

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

type Json = Readonly<Record<string, unknown>>;
type Names = Map<string, AvroNode>;

/** Reads a schema that a library found to be right. */
export function avroNode(schema: unknown, names: Names = new Map(), namespace = ''): AvroNode {
  if (typeof schema === 'string') return named(schema, names, namespace);
  if (Array.isArray(schema)) return union(schema, names, namespace);
  const json = schema as Json;
  const type = json.type;
  if (typeof type !== 'string') return avroNode(type, names, namespace);
  switch (type) {
    case 'record':
    case 'error':
    case 'enum':
    case 'fixed':
      return definition(json, type, { names, namespace });
    case 'array':
      return node({ type, items: itemsOf(json.items, names, namespace) });
    case 'map':
      return node({ type, items: itemsOf(json.values, names, namespace) });
    default:
      return PRIMITIVES.has(type) ? node({ type, ...logical(json) }) : named(type, names, namespace);
  }
}

function named(name: string, names: Names, namespace: string): AvroNode {
  if (PRIMITIVES.has(name)) return node({ type: name });
  const found = names.get(fullName(name, namespace)) ?? names.get(name);
  if (found === undefined) throw new RangeError(`the type ${name} is not defined before it is named`);
  return found;
}

function union(schemas: readonly unknown[], names: Names, namespace: string): AvroNode {
  const branches = schemas.map((one): [string, AvroNode] => {
    const branch = avroNode(one, names, namespace);
    return [branchName(one, branch, namespace), branch];
  });
  return node({ type: 'union', branches: new Map(branches) });
}

/** The name by which a value of a union names its branch. */
function branchName(schema: unknown, branch: AvroNode, namespace: string): string {
  if (PRIMITIVES.has(branch.type) || branch.type === 'array' || branch.type === 'map') return branch.type;
  const name = typeof schema === 'string' ? schema : String((schema as Json).name);
  const own = typeof schema === 'string' ? undefined : (schema as Json).namespace;
  return fullName(name, typeof own === 'string' ? own : namespace);
}

function definition(
  json: Json,
  type: string,
  { names, namespace }: { readonly names: Names; readonly namespace: string },
): AvroNode {
  const own = typeof json.namespace === 'string' ? json.namespace : namespace;
  const name = fullName(String(json.name), own);
  const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
  const fields: { name: string; node: AvroNode }[] = [];
  const made = node({ type: type === 'error' ? 'record' : type, ...logical(json), fields });
  // A record may hold itself: its name is known before its fields.
  names.set(name, made);
  for (const field of (json.fields as readonly Json[] | undefined) ?? [])
    fields.push({ name: String(field.name), node: avroNode(field.type, names, inner) });
  return made;
}

/** Refuses items that take no bytes: eight bytes of payload could say that there are a billion of them. */
function itemsOf(schema: unknown, names: Names, namespace: string): AvroNode {
  const items = avroNode(schema, names, namespace);
  if (isEmpty(items)) throw new RangeError('the items of an array or map take no bytes');
  return items;
}

const isEmpty = ({ type, fields }: AvroNode): boolean =>
  type === 'null' || (type === 'record' && fields.every(({ node: field }) => isEmpty(field)));

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

const logical = ({ logicalType, scale }: Json) => ({
  ...(typeof logicalType === 'string' ? { logicalType } : {}),
  ...(typeof scale === 'number' ? { scale } : {}),
});

const node = (parts: Partial<AvroNode> & Pick<AvroNode, 'type'>): AvroNode => ({
  ...{ logicalType: undefined, scale: 0, fields: [], items: undefined, branches: new Map() },
  ...parts,
});
