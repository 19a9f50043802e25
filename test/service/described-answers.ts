import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AskedService } from './open-service.ts';

type Operations = Readonly<Record<string, Described>>;
interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

/** The service, which throws where an answer in JSON is another than its OpenAPI description says. */
export async function describedAnswers(service: AskedService): Promise<AskedService> {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const { paths } = (await service.json('/v1/openapi.json')) as { paths: Record<string, Operations> };
  // Addresses without a parameter are their own before others.
  const known = Object.keys(paths)
    .toSorted((a, b) => a.split('{').length - b.split('{').length)
    .map((path) => ({ path, form: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));
  const check = async (at: string, method: string, answer: Response): Promise<Response> => {
    const [address = ''] = at.split('?');
    const path = known.find(({ form }) => form.test(address))?.path ?? '';
    const content = paths[path]?.[method.toLowerCase()]?.responses[answer.status]?.content;
    const schema = content?.['application/json']?.schema;
    if (schema === undefined || !answer.headers.get('content-type')?.startsWith('application/json'))
      return answer;
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
