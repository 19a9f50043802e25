import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApi } from '../../service/api/openapi.ts';
import { ROUTES } from '../../service/api/routes.ts';
import type { AskedService } from './asked-service.ts';

type Operations = Readonly<Record<string, Described>>;
interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}
interface Description {
  readonly paths: Readonly<Record<string, Operations>>;
  readonly components: { readonly schemas: { readonly Problem: object } };
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const { paths, components } = openApi(ROUTES, '0.0.0') as unknown as Description;
// Addresses without a parameter are their own before others.
const known = Object.keys(paths)
  .toSorted((a, b) => a.split('{').length - b.split('{').length)
  .map((path) => ({ path, form: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));

/** The service, which throws where an answer in JSON is another than its OpenAPI description says. */
export function describedAnswers(service: AskedService): AskedService {
  const check = async (at: string, method: string, answer: Response): Promise<Response> => {
    const [address = ''] = at.split('?');
    const path = known.find(({ form }) => form.test(address))?.path ?? '';
    const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
    const described = paths[path]?.[method.toLowerCase()]?.responses[answer.status]?.content?.[type];
    if (type === 'application/json' && path !== '' && described === undefined)
      throw new Error(`${method} ${at}: ${answer.status} is answered, and not described.`);
    const schema = type === 'application/problem+json' ? components.schemas.Problem : described?.schema;
    if (schema === undefined) return answer;
    const isValid = ajv.validate(schema, await answer.clone().json());
    if (!isValid)
      throw new Error(`${method} ${at}: ${ajv.errorsText(ajv.errors)} ${JSON.stringify(ajv.errors)}`);
    return answer;
  };
  const asked: AskedService = {
    ...service,
    send: async (at, init = {}) => check(at, init.method ?? 'GET', await service.send(at, init)),
    ask: async (at, init = {}) => check(at, init.method ?? 'GET', await service.ask(at, init)),
    post: async (at, body, headers) => check(at, 'POST', await service.post(at, body, headers)),
    async json(at) {
      const answer = await asked.ask(at);
      if (answer.status !== 200) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
      return await answer.json();
    },
  };
  return asked;
}
