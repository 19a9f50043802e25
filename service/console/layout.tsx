import type { Child } from 'hono/jsx';
import { type Identity, isAllowed } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';
import type { Service } from '../service.ts';
import {
  activityAt,
  apiAt,
  catalogueAt,
  overviewAt,
  privacyAt,
  productsAt,
  quarantineAt,
  reportsAt,
  runsAt,
  signOutAt,
  sqlAt,
  streamsAt,
} from './addresses.ts';

/** The pages that every page leads to, for those who may see them. */
const NAVIGATION: readonly { readonly name: string; readonly at: string; readonly permission: Permission }[] =
  [
    { name: 'Overview', at: overviewAt, permission: 'catalogue.read' },
    { name: 'Catalogue', at: catalogueAt, permission: 'catalogue.read' },
    { name: 'Products', at: productsAt, permission: 'catalogue.read' },
    { name: 'Reports', at: reportsAt, permission: 'gold.read' },
    { name: 'Runs', at: runsAt, permission: 'runs.read' },
    { name: 'Quarantine', at: quarantineAt, permission: 'quarantine.read' },
    { name: 'Streams', at: streamsAt, permission: 'policies.read' },
    { name: 'SQL', at: sqlAt, permission: 'sql.ask' },
    { name: 'Privacy', at: privacyAt, permission: 'privacy.read' },
    { name: 'Activity', at: activityAt, permission: 'decisions.read' },
  ];

/** The frame of a page. */
interface Frame {
  readonly title: string;
  readonly identity: Identity;
  /** Of the session's forms; undefined for who came without a session. */
  readonly csrf: string | undefined;
  /** Address of the page. */
  readonly at: string;
  readonly service: Service;
  readonly refreshSeconds: number | undefined;
  readonly events: string | undefined;
  readonly script: string | undefined;
  readonly children: Child;
}

/** A page of the console as a document. */
export function Layout({
  title,
  identity,
  csrf,
  at,
  service,
  refreshSeconds,
  events,
  script,
  children,
}: Frame) {
  const links = NAVIGATION.filter(({ permission }) => isAllowed(identity, permission, service));
  return (
    <Document title={title} refreshSeconds={refreshSeconds} script={script}>
      <header>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <nav aria-label="Pages">
          <b>Assay</b>
          {links.map((link) => (
            <a href={link.at} {...currentOf(link.at, at)}>
              {link.name}
            </a>
          ))}
        </nav>
        <div class="where">
          {service.lakeName}
          {service.isReadOnly ? ' · read only' : ''} · {identity.name}
          {service.oidc !== undefined && csrf !== undefined && <SignOut csrf={csrf} />}
        </div>
      </header>
      <main id="main" data-seconds={refreshSeconds} data-events={events}>
        {children}
      </main>
      <footer>
        Assay {service.version}. Times are UTC. <a href={apiAt}>API</a>
      </footer>
    </Document>
  );
}

/** Whether a link leads to the page that is open, or to the list that it is of. */
function currentOf(link: string, at: string): { readonly 'aria-current'?: 'page' | 'true' } {
  if (link === at) return { 'aria-current': 'page' };
  return link !== overviewAt && at.startsWith(`${link}/`) ? { 'aria-current': 'true' } : {};
}

/** The button that ends the session. */
function SignOut({ csrf }: { readonly csrf: string }) {
  return (
    <form class="sign-out" method="post" action={signOutAt}>
      <input type="hidden" name="csrf" value={csrf} />
      <button class="plain" type="submit">
        Sign out
      </button>
    </form>
  );
}

/** An HTML document with the console's style. */
export function Document({
  title,
  refreshSeconds,
  script,
  children,
}: {
  readonly title: string;
  readonly refreshSeconds?: number | undefined;
  readonly script?: string | undefined;
  readonly children: Child;
}) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {refreshSeconds !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshSeconds)} />
          </noscript>
        )}
        <title>{title} · Assay</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        <link rel="stylesheet" href="/assets/reports.css" />
        <script src="/assets/script.js" defer></script>
        {script !== undefined && <script src={`/assets/${script}`} defer></script>}
      </head>
      <body>{children}</body>
    </html>
  );
}
