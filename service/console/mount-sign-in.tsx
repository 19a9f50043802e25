import type { Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Child } from 'hono/jsx';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx, Env } from '../http/env.ts';
import { localPath } from '../identity/local-path.ts';
import { SIGN_IN_MINUTES } from '../identity/oidc/leaving.ts';
import type { Oidc } from '../identity/oidc/oidc.ts';
import { CALLBACK } from '../identity/oidc/settings.ts';
import { requireOwnSite } from '../identity/permit.ts';
import { newSecret } from '../identity/same-secret.ts';
import { beginSession, cookieOptions, endSession } from '../identity/session-cookie.ts';
import type { Service } from '../service.ts';
import { overviewAt, signedOutAt, signInAt, signOutAt } from './addresses.ts';
import { documentOf } from './document-of.ts';
import { Document } from './layout.tsx';
import { readForm } from './read-form.ts';

type Way = Pick<Oidc, 'flow' | 'departures'>;

/** Adds signing in by an issuer, and signing out, to an application. */
export function mountSignIn(app: Hono<Env>, service: Service, way: Way): void {
  app.get(signInAt, async (c) => {
    noStore(c);
    return c.redirect(await leave(c, service, way), 303);
  });
  app.get(CALLBACK, async (c) => {
    noStore(c);
    return c.redirect(await comeBack(c, service, way), 303);
  });
  app.get(signOutAt, (c) => {
    noStore(c);
    return page(c, 'Sign out', <SignOut csrf={csrfOf(c)} />);
  });
  app.post(signOutAt, async (c) => {
    noStore(c);
    requireOwnSite(c, (await readForm(c)).csrf, service);
    await endSession(c, service);
    return c.redirect(signedOutAt, 303);
  });
  app.get(signedOutAt, async (c) => {
    noStore(c);
    const elsewhere = await way.flow.endSession().catch(() => undefined);
    return page(c, 'You are signed out', <SignedOut elsewhere={elsewhere?.href} />);
  });
}

const noStore = (c: Context): void => c.header('Cache-Control', 'no-store');

const cookieOf = ({ cookieName }: Pick<Service, 'cookieName'>): string => `${cookieName}-sign-in`;

/** Notes the browser that is sent to the issuer, and returns where to. */
async function leave(c: Ctx, service: Service, { flow, departures }: Way): Promise<string> {
  // One for all its windows: in which of them a person signs in first must not matter.
  const browser = getCookie(c, cookieOf(service)) ?? newSecret();
  const { url, leaving } = await flow.begin();
  await departures.note(leaving, { browser, to: localPath(c.req.query('to') ?? overviewAt) });
  setCookie(c, cookieOf(service), browser, { ...cookieOptions(service), maxAge: SIGN_IN_MINUTES * 60 });
  return url.href;
}

/** Begins the session of who came back from the issuer, and returns the page that was asked for. */
async function comeBack(c: Ctx, service: Service, { flow, departures }: Way): Promise<string> {
  const browser = getCookie(c, cookieOf(service));
  const state = c.req.query('state');
  const noted =
    browser === undefined || state === undefined ? undefined : await departures.back(state, browser);
  if (noted === undefined)
    throw new ConfigError(
      'SIGN_IN',
      `This is the way back from signing in, and nobody of this browser is on it: it was used already, took longer than ${SIGN_IN_MINUTES} minutes, or began in another browser. Sign in again; if it stays so, let the browser keep this site's cookies.`,
    );
  await beginSession(c, await flow.finish(new URL(c.req.url).search, noted.leaving), service);
  return noted.to;
}

function csrfOf(c: Ctx): string | undefined {
  const asker = c.get('asker');
  return asker.kind === 'session' ? asker.csrf : undefined;
}

async function page(c: Ctx, title: string, body: Child): Promise<Response> {
  return c.html(
    await documentOf(
      <Document title={title}>
        <main id="main">
          <h1>{title}</h1>
          {body}
        </main>
      </Document>,
    ),
  );
}

function SignOut({ csrf }: { readonly csrf: string | undefined }) {
  if (csrf === undefined)
    return (
      <p>
        Nobody is signed in. <a href={overviewAt}>Sign in</a>
      </p>
    );
  return (
    <form method="post" action={signOutAt}>
      <input type="hidden" name="csrf" value={csrf} />
      <button type="submit">Sign out of Assay</button>
    </form>
  );
}

/** The issuer keeps a session of its own, which is ended there. */
function SignedOut({ elsewhere }: { readonly elsewhere: string | undefined }) {
  return (
    <>
      <p>Assay has forgotten this browser.</p>
      {elsewhere !== undefined && (
        <p>
          Who gave you access still knows you, and lets you in again without a question:{' '}
          <a href={elsewhere}>sign out there, too</a>.
        </p>
      )}
      <p>
        <a href={overviewAt}>Sign in again</a>
      </p>
    </>
  );
}
