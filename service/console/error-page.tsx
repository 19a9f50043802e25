import type { Problem } from '../http/problem.ts';
import type { Service } from '../service.ts';
import { overviewAt, signInAt, signOutAt } from './addresses.ts';
import { documentOf } from './document-of.ts';
import { Document } from './layout.tsx';

/** The page that says what went wrong, what to do, and the code for support; `back` is the page that somebody came from. */
export function errorPage(
  { title, detail, code, status, problems = [] }: Problem,
  { oidc }: Pick<Service, 'oidc'>,
  back?: string,
): Promise<string> {
  const isUnknown = oidc !== undefined && ['NOT_SIGNED_IN', 'SIGN_IN'].includes(code);
  return documentOf(
    <Document title={title}>
      <main id="main">
        <h1>{title}</h1>
        <p>{detail}</p>
        <ul>
          {problems.map((one) => (
            <li>
              {one.file}:{one.line}: {one.path}: {one.message}
            </li>
          ))}
        </ul>
        <p class="soft">
          Code {code}, status {status}.
        </p>
        <p>
          {isUnknown ? <a href={signInAt}>Sign in</a> : <a href={overviewAt}>To the overview</a>}
          {back !== undefined && (
            <>
              {' · '}
              <a href={back}>Back to the page, as it is now</a>
            </>
          )}
          {oidc !== undefined && code === 'NOT_PERMITTED' && (
            <>
              {' · '}
              <a href={signOutAt}>Sign in as somebody else</a>
            </>
          )}
        </p>
      </main>
    </Document>,
  );
}
