import type { Problem } from '../http/problem.ts';
import { overviewAt } from './addresses.ts';
import { documentOf } from './document-of.ts';
import { Document } from './layout.tsx';

/** The page that says what went wrong, what to do, and the code for support. */
export function errorPage({ title, detail, code, status, problems = [] }: Problem): Promise<string> {
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
          <a href={overviewAt}>To the overview</a>
        </p>
      </main>
    </Document>,
  );
}
