import { documentOf } from '../console/document-of.ts';

/** Scripts of the page, in the order in which each needs those before it. */
const SCRIPTS = ['react.js', 'react-dom.js', 'graphiql.js', 'graphiql-page.js'];

/** The page on which people write queries: GraphiQL, from files of the service alone. */
export const graphiqlPage = (): Promise<string> =>
  documentOf(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>GraphQL · Assay</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/graphiql.css" />
        <link rel="stylesheet" href="/assets/graphiql-page.css" />
      </head>
      <body>
        <main id="graphiql">
          <p>
            Queries are written here with script. Without, POST them to /graphql as JSON.{' '}
            <a href="/">The console</a>
          </p>
        </main>
        {SCRIPTS.map((name) => (
          <script src={`/assets/${name}`} defer />
        ))}
      </body>
    </html>,
  );
