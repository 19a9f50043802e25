import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Provider from 'oidc-provider';
import { AUDIENCE, CLIENT_ID } from './oidc-client.ts';

/** Whom the issuer knows, and what it says of them. */
const PEOPLE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ann: { roles: ['operator', 'steward', 'no-role-of-assay'] },
  bob: { roles: ['operator', 'steward'] },
  fay: { roles: ['finance'] },
  gil: { roles: ['finance'] },
  vic: { roles: ['viewer'] },
  eve: { roles: ['superuser'] },
  // Of her the issuer tells only who asks it.
  una: { roles: ['auditor'], isToldWhereAsked: true },
};

/** A real issuer that runs in this process. */
export interface TestIssuer {
  readonly url: string;
  /** An access token for a program with these roles, given by the issuer itself. */
  programToken(roles: readonly string[], audience?: string): Promise<string>;
  /** A token of any kind, signed with the issuer's key. */
  signed(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string;
  /** The issuer's public key, as everybody has it. */
  readonly publicPem: string;
  /** Takes another key, and forgets the one before. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
}

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

const newKey = (): Key => ({
  kid: randomUUID(),
  privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
});

/** Starts the issuer for a client that comes back to these addresses. */
export async function startIssuer(redirects: readonly string[]): Promise<TestIssuer> {
  let answer: ReturnType<Provider['callback']> = () => undefined;
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let key = newKey();
  const { default: Issuer } = await quietly(() => import('oidc-provider'));
  const take = async (next: Key): Promise<void> => {
    key = next;
    answer = (await quietly(() => new Issuer(url, settingsOf(redirects, next)))).callback();
  };
  await take(key);
  return {
    url,
    programToken: (roles, audience = AUDIENCE) => programToken(url, roles, audience),
    signed: (claims, header = {}) => jwt({ alg: 'RS256', kid: key.kid, ...header }, claims, key.privateKey),
    get publicPem() {
      return createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' }).toString();
    },
    rotate: () => take(newKey()),
    stop: () => closed(server),
  };
}

/** The library warns on the console that what suits a test suits nothing else. */
async function quietly<T>(work: () => T | Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

function settingsOf(redirects: readonly string[], { kid, privateKey }: Key) {
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub', 'roles'] },
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        redirect_uris: [...redirects],
        post_logout_redirect_uris: redirects.map((redirect) => new URL('/', redirect).href),
      },
      {
        client_id: 'program',
        client_secret: 'a secret of the tests',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ttl: {
      Interaction: 600,
      Session: 600,
      Grant: 600,
      AccessToken: 600,
      IdToken: 600,
      ClientCredentials: 600,
    },
    pkce: { required: () => true },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_: unknown, audience: string) => ({
          scope: Object.keys(PEOPLE).join(' '),
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    // A program asks for its roles as scopes.
    extraTokenClaims: (_: unknown, token: { scope?: string }) => ({
      roles: PEOPLE[token.scope ?? '']?.roles ?? [],
    }),
    findAccount: async (_: unknown, sub: string) => {
      const { isToldWhereAsked = false, ...claims } = PEOPLE[sub] ?? {};
      return {
        accountId: sub,
        claims: async (use: string) =>
          isToldWhereAsked === true && use === 'id_token' ? { sub } : { sub, ...claims },
      };
    },
  };
}

async function programToken(url: string, roles: readonly string[], resource: string): Promise<string> {
  const [scope = ''] = roles;
  const answer = await fetch(`${url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('program:a%20secret%20of%20the%20tests')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`The issuer gave no token: ${answer.status}`);
  return token;
}

/** A JWT made by hand: `none` and HS256 too, which no library signs with a public key. */
export function jwt(
  header: Readonly<Record<string, unknown>>,
  claims: Readonly<Record<string, unknown>>,
  key: KeyObject | undefined,
): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = key === undefined ? '' : sign('sha256', Buffer.from(text), key).toString('base64url');
  return `${text}.${signature}`;
}
