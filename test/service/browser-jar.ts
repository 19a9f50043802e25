/** A browser without a screen: it keeps cookies by host, and follows nobody by itself. */
export interface Jar {
  /** Sends a request with the cookies of its host, and keeps those that come back. */
  send(url: string, init?: RequestInit): Promise<Response>;
  /** Follows redirects, and fills in the issuer's forms in a person's name, until another host's page comes. */
  signIn(url: string, person: string): Promise<Response>;
  cookie(host: string, name: string): string | undefined;
}

/** How requests to a host are answered; by the network where it is not said. */
export type Answers = Readonly<Record<string, (request: Request) => Promise<Response>>>;

const MOST_STEPS = 12;

/** What a person types into the fields of an issuer's form, by their names. */
export type Typed = Readonly<Record<string, string>>;

/** Opens a browser. */
export function openJar(answers: Answers = {}, typed?: Typed): Jar {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (host: string): Map<string, string> => {
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const send: Jar['send'] = async (url, init = {}) => {
    const { host } = new URL(url);
    const jar = jarOf(host);
    const headers = new Headers({ accept: 'text/html' });
    new Headers(init.headers).forEach((value, name) => void headers.set(name, value));
    headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const request = { ...init, headers, redirect: 'manual' } as const;
    const own = answers[host];
    if (own !== undefined) headers.set('host', host);
    const answer = own === undefined ? await fetch(url, request) : await own(new Request(url, request));
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const [name = '', ...value] = pair.split('=');
      const isOver = attributes.some((one) => /^\s*(max-age=0|expires=.*1970)/i.test(one));
      if (isOver) jar.delete(name);
      else jar.set(name, value.join('='));
    }
    return answer;
  };
  return {
    send,
    cookie: (host, name) => jars.get(host)?.get(name),
    async signIn(url, person) {
      let at = url;
      let answer = await send(at);
      for (let step = 0; step < MOST_STEPS; step++) {
        const location = answer.headers.get('location');
        const next =
          location === null
            ? await formOf(answer, at, typed ?? { login: person, password: 'x' })
            : { url: new URL(location, at).href };
        if (next === undefined) return answer;
        at = next.url;
        answer = await send(at, next.init);
      }
      throw new Error(`Signing in as ${person} goes round in circles, at last to ${at}.`);
    },
  };
}

interface Step {
  readonly url: string;
  readonly init?: RequestInit;
}

/** What a person sends with the form of an issuer's page; undefined where the page is no issuer's. */
async function formOf(answer: Response, at: string, typed: Typed): Promise<Step | undefined> {
  const html = await answer.clone().text();
  const action = /<form[^>]* action="([^"]+)"/i.exec(html)?.[1];
  const fields = [...html.matchAll(/<input[^>]* name="([^"]+)"[^>]*>/gi)].map(
    ([input, name = '']): [string, string] => [
      name,
      typed[name] ?? /value="([^"]*)"/.exec(input)?.[1]?.replaceAll('&amp;', '&') ?? '',
    ],
  );
  const isIssuers = fields.some(([name]) => name === 'prompt' || name === 'redirect_uri');
  if (action === undefined || !isIssuers) return undefined;
  return {
    url: new URL(action.replaceAll('&amp;', '&'), at).href,
    init: { method: 'POST', body: new URLSearchParams(fields) },
  };
}
