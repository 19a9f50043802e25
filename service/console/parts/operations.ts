import { z } from 'zod';

const Schema = z.looseObject({
  type: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});

/** What is read of the description: an operation of OpenAPI. */
const Described = z.object({
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string(),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.enum(['path', 'query', 'header']),
      required: z.boolean().optional(),
      description: z.string().optional(),
      schema: Schema,
    }),
  ),
  requestBody: z
    .object({ content: z.record(z.string(), z.object({ schema: Schema.optional() })) })
    .optional(),
  responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.unknown()).optional() })),
});
const Paths = z.object({ paths: z.record(z.string(), z.record(z.string(), Described)) });

/** An operation as it is tried on a page. */
export interface Operation {
  /** `GET`. */
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly who: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly place: 'path' | 'query' | 'header';
    readonly isRequired: boolean;
    readonly description: string;
    readonly options: readonly string[];
  }[];
  /** JSON with a place for each member; undefined where none is sent. */
  readonly body: string | undefined;
  /** Whether a page can ask it: it takes JSON or nothing, and its answer ends. */
  readonly isTried: boolean;
}

/** The operations of an OpenAPI description, by their headings. */
export function operationsOf(
  description: unknown,
): readonly { readonly tag: string; readonly operations: readonly Operation[] }[] {
  const groups = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(Paths.parse(description).paths))
    for (const [method, described] of Object.entries(methods)) {
      const [tag = ''] = described.tags;
      groups.set(tag, [...(groups.get(tag) ?? []), operationOf(method.toUpperCase(), path, described)]);
    }
  return [...groups].map(([tag, operations]) => ({ tag, operations }));
}

function operationOf(method: string, path: string, described: z.infer<typeof Described>): Operation {
  const { summary, description, parameters, requestBody, responses } = described;
  const sent = requestBody?.content;
  const isStream = responses['200']?.content?.['text/event-stream'] !== undefined;
  return {
    ...{ method, path, summary, who: description },
    parameters: parameters.map((one) => ({
      name: one.name,
      place: one.in,
      isRequired: one.required ?? false,
      description: one.description ?? '',
      options: (one.schema.enum ?? []).map(String),
    })),
    body: sent?.['application/json'] === undefined ? undefined : skeleton(sent['application/json'].schema),
    isTried: !isStream && (sent === undefined || sent['application/json'] !== undefined),
  };
}

/** `{"digest": "", "reason": ""}`: the members that must be there, or all where none must. */
function skeleton(schema: z.infer<typeof Schema> | undefined): string {
  const { properties = {}, required = [] } = schema ?? {};
  const names = required.length > 0 ? required : Object.keys(properties);
  const members = names.map((name) => [name, emptyOf(Schema.safeParse(properties[name]).data)]);
  return JSON.stringify(Object.fromEntries(members), null, 2);
}

function emptyOf(schema: z.infer<typeof Schema> | undefined): unknown {
  if (schema?.enum !== undefined) return schema.enum[0];
  const empty: Readonly<Record<string, unknown>> = {
    object: {},
    array: [],
    boolean: false,
    integer: 0,
    number: 0,
  };
  return empty[String(schema?.type)] ?? '';
}
