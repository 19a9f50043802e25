import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import {
  AdminAddUserToGroupCommand,
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { type Jar, openJar } from '../../service/browser-jar.ts';
import { CLOUD } from './emulator.ts';
import type { Outputs } from './session.ts';

/** A person of the deployed service. */
export interface ServicePerson {
  readonly name: string;
  readonly password: string;
}

/** Adds a person to the user pool, with roles. */
export async function addPerson(
  { UserPoolId }: Pick<Outputs, 'UserPoolId'>,
  name: string,
  roles: readonly string[],
): Promise<ServicePerson> {
  const cognito = new CognitoIdentityProviderClient({ region: CLOUD.region });
  const password = `Aa1!${randomUUID()}`;
  const who = { UserPoolId, Username: name };
  await cognito.send(
    new AdminCreateUserCommand({ ...who, TemporaryPassword: password, MessageAction: 'SUPPRESS' }),
  );
  await cognito.send(new AdminSetUserPasswordCommand({ ...who, Password: password, Permanent: true }));
  for (const GroupName of roles) await cognito.send(new AdminAddUserToGroupCommand({ ...who, GroupName }));
  return { name, password };
}

/** Sends a request to this machine, whatever name is asked: not every system resolves names below localhost. */
export async function sendHere(asked: Request): Promise<Response> {
  const { hostname, port, pathname, search, host } = new URL(asked.url);
  if (!hostname.endsWith('.localhost')) return await fetch(asked);
  const body = Buffer.from(await asked.arrayBuffer());
  const headers: Record<string, string> = { host };
  asked.headers.forEach((value, name) => {
    headers[name] = value;
  });
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: pathname + search, method: asked.method, headers },
      async (answer) => {
        const pieces: Uint8Array[] = [];
        for await (const piece of answer) pieces.push(piece as Uint8Array);
        const given = new Headers();
        for (const [name, value] of Object.entries(answer.headersDistinct))
          for (const one of value ?? []) given.append(name, one);
        const status = answer.statusCode ?? 502;
        const bytes = [204, 303, 304].includes(status) ? null : Buffer.concat(pieces);
        resolve(new Response(bytes, { status, headers: given }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Somebody's browser at the deployed service. */
export interface ServiceWindow {
  readonly jar: Jar;
  /** Opens a page of the service. */
  page(at: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Asks the API by the session. */
  json(at: string, init?: RequestInit): Promise<{ readonly status: number; readonly json: unknown }>;
  /** POSTs JSON by the session, as the pages' script does. */
  post(at: string, body?: unknown): Promise<{ readonly status: number; readonly json: unknown }>;
}

/** Signs in at the pool, and opens the service. */
export async function openWindow(
  { ServiceUrl }: Pick<Outputs, 'ServiceUrl'>,
  person: ServicePerson,
): Promise<ServiceWindow> {
  const { host } = new URL(ServiceUrl);
  const jar = openJar({ [host]: sendHere }, { username: person.name, password: person.password });
  // A page that every role sees.
  const first = await jar.signIn(`${ServiceUrl}/datasets`, person.name);
  const csrf = /name="csrf" value="([\w-]+)"/.exec(await first.text())?.[1] ?? '';
  const json: ServiceWindow['json'] = async (at, init = {}) => {
    const answer = await jar.send(ServiceUrl + at, {
      ...init,
      headers: { accept: 'application/json', ...init.headers },
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    jar,
    async page(at) {
      const answer = await jar.send(ServiceUrl + at);
      return { status: answer.status, text: await answer.text() };
    },
    json,
    post: (at, body) =>
      json(at, {
        method: 'POST',
        headers: { origin: ServiceUrl, 'x-csrf-token': csrf, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}
