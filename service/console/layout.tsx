import type { Child } from 'hono/jsx';
import { type Identity, isAllowed } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';
import type { Service } from '../service.ts';
import { activityAt, catalogueAt, overviewAt, runsAt, sqlAt } from './addresses.ts';

/** The pages that every page leads to, for those who may see them. */
const NAVIGATION: readonly { readonly name: string; readonly at: string; readonly permission: Permission }[] =
  [
    { name: 'Overview', at: overviewAt, permission: 'catalogue.read' },
    { name: 'Catalogue', at: catalogueAt, permission: 'catalogue.read' },
    { name: 'Runs', at: runsAt, permission: 'runs.read' },
    { name: 'SQL', at: sqlAt, permission: 'sql.ask' },
    { name: 'Activity', at: activityAt, permission: 'decisions.read' },
  ];

/** The frame of a page. */
interface Frame {
  readonly title: string;
  readonly identity: Identity;
  /** Address of the page. */
  readonly at: string;
  readonly service: Service;
  readonly refreshSeconds: number | undefined;
  readonly children: Child;
}

/** A page of the console as a document. */
export function Layout({ title, identity, at, service, refreshSeconds, children }: Frame) {
  const links = NAVIGATION.filter(({ permission }) => isAllowed(identity, permission, service));
  return (
    <Document title={title} refreshSeconds={refreshSeconds}>
      <header>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <nav aria-label="Pages">
          <b>Assay</b>
          {links.map((link) => (
            <a href={link.at} {...(link.at === at ? { 'aria-current': 'page' } : {})}>
              {link.name}
            </a>
          ))}
        </nav>
        <p class="where">
          {service.lakeName}
          {service.isReadOnly ? ' · read only' : ''} · {identity.name}
        </p>
      </header>
      <main id="main">{children}</main>
      <footer>Assay {service.version}. Times are UTC.</footer>
    </Document>
  );
}

/** An HTML document with the console's style. */
export function Document({
  title,
  refreshSeconds,
  children,
}: {
  readonly title: string;
  readonly refreshSeconds?: number | undefined;
  readonly children: Child;
}) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {refreshSeconds !== undefined && <meta http-equiv="refresh" content={String(refreshSeconds)} />}
        <title>{title} · Assay</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        <script src="/assets/script.js" defer></script>
      </head>
      <body>{children}</body>
    </html>
  );
}
