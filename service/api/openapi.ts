import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { PERMISSIONS } from '../identity/permissions.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** JSON Schema 2020-12, which is what OpenAPI 3.1 takes. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, unrepresentable: 'any' });
  return schema;
}

/** The description of the API as OpenAPI 3.1 has it, made of the shapes that requests and answers are checked with. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Assay',
      version,
      description:
        'What is in a lake, and what people decide about it. Decimals are text, so that nothing is rounded; times are UTC. Every error is a problem (RFC 9457) with the code that the command prints, too.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: "the token that 'assay serve' printed" },
      },
      schemas: { Problem: schemaOf(Problem, 'output') },
      responses: { Problem: PROBLEM },
    },
  };
}

const PROBLEM: Json = {
  description: 'It was not done, and why.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** A value; or, where JSON is one of the formats of a file, its rows. */
function jsonOf(answer: NonNullable<Route['answer']>, formats: Route['formats']): Json {
  const value = schemaOf(answer, 'output');
  const isFile = Object.values(formats ?? {}).includes('application/json');
  return isFile ? { anyOf: [value, { type: 'array', items: { type: 'object' } }] } : value;
}

function operation(route: Route): Json {
  const { method, path, permission, tag, summary, body, answer, formats } = route;
  const who =
    permission === 'everyone' ? 'Nobody needs to sign in.' : `For those who may ${PERMISSIONS[permission]}.`;
  const content = {
    ...Object.fromEntries(Object.values(formats ?? {}).map((type) => [type, {}])),
    ...(answer === undefined ? {} : { 'application/json': { schema: jsonOf(answer, formats) } }),
  };
  return {
    operationId: `${method} ${path.replaceAll(/\/v1\/|[{}]/g, '')}`.replaceAll(
      /\W+(\w)/g,
      (_, letter: string) => letter.toUpperCase(),
    ),
    tags: [tag],
    summary,
    description: who,
    ...(permission === 'everyone' ? { security: [] } : {}),
    parameters: [...parametersOf(route), ...(method === 'get' || route.isUpload ? [] : HEADERS)],
    ...(route.isUpload ? FILES : {}),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      200: { description: summary, content },
      ...(route.isMaking ? { 201: { description: 'It is made: nothing was there before.', content } } : {}),
      ...(route.isLater ? { 202: { description: 'It is under way: ask again.', content } } : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

/** The body of a request that sends files. */
const FILES: Json = {
  requestBody: {
    required: true,
    content: {
      'application/octet-stream': {},
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: {
            file: { type: 'array', items: { type: 'string', contentMediaType: 'application/octet-stream' } },
          },
          required: ['file'],
        },
      },
    },
  },
};

/** Headers that every change takes. */
const HEADERS: readonly Json[] = [
  {
    name: 'Idempotency-Key',
    in: 'header',
    schema: { type: 'string' },
    description: 'a key of your own: a repeat within a day gets the answer of the first',
  },
  {
    name: 'If-Match',
    in: 'header',
    schema: { type: 'string' },
    description: 'the ETag of what was looked at: refused where it has changed since',
  },
];

function parametersOf({ params, query }: Route): Json[] {
  return [...membersOf(params, 'path'), ...membersOf(query, 'query')];
}

function membersOf(shape: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!(shape instanceof z.ZodObject)) return [];
  const { properties = {}, required = [] } = z
    .object({
      properties: z
        .record(z.string(), z.looseObject({ description: z.string().exactOptional() }))
        .exactOptional(),
      required: z.array(z.string()).exactOptional(),
    })
    .parse(schemaOf(shape, 'input'));
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}
