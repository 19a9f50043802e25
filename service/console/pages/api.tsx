import { openApi } from '../../api/openapi.ts';
import { ROUTES } from '../../api/routes.ts';
import { apiAt, describedAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { type Operation, operationsOf } from '../parts/operations.ts';

/** The API as it is described, to be tried: one form an operation. */
export const api: Page = {
  path: apiAt,
  permission: 'catalogue.read',
  async render({ csrf, service }) {
    const groups = operationsOf(openApi(ROUTES, service.version));
    return {
      title: 'API',
      script: 'api.js',
      body: (
        <>
          <h1>API</h1>
          <p class="lead">
            Everything that the pages show is answered to programs, too, to the token that{' '}
            <code>assay serve</code> printed. <a href={describedAt}>The description</a> is OpenAPI 3.1; what
            is asked here is asked as you.
          </p>
          <noscript>
            <p class="empty">
              Trying it takes script. Without, a GET that needs no name in its address is a link; the rest is
              for programs.
            </p>
          </noscript>
          {groups.map(({ tag, operations }) => (
            <section aria-label={tag}>
              <h2>{tag}</h2>
              {operations.map((operation) => (
                <Try operation={operation} csrf={csrf} />
              ))}
            </section>
          ))}
        </>
      ),
    };
  },
};

function Try({ operation, csrf }: { readonly operation: Operation; readonly csrf: string | undefined }) {
  const { method, path, summary, who, parameters, body, isTried } = operation;
  const id = `${method} ${path}`;
  return (
    <details class="operation">
      <summary>
        <code>
          <b>{method}</b> {path}
        </code>{' '}
        {summary}
      </summary>
      <p class="soft">{who}</p>
      {isTried ? (
        <form method="get" action={path} data-method={method} data-csrf={csrf} class="try">
          {parameters.map(({ name, place, isRequired, description, options }) => (
            <p>
              <label for={`${id} ${name}`}>
                <code>{name}</code>
                {isRequired ? '' : ' (may be missing)'} <span class="soft">{description}</span>
              </label>
              {options.length === 0 ? (
                <input
                  id={`${id} ${name}`}
                  name={name}
                  data-in={place}
                  required={isRequired}
                  autocomplete="off"
                />
              ) : (
                <select id={`${id} ${name}`} name={name} data-in={place}>
                  <option value="">not said</option>
                  {options.map((option) => (
                    <option value={option}>{option}</option>
                  ))}
                </select>
              )}
            </p>
          ))}
          {body !== undefined && (
            <p>
              <label for={`${id} body`}>JSON</label>
              <textarea id={`${id} body`} data-in="body" rows={6} spellcheck={false}>
                {body}
              </textarea>
            </p>
          )}
          <button type="submit" class={method === 'GET' ? 'plain' : ''}>
            {method} {path}
          </button>
          <output class="answer" aria-live="polite" />
        </form>
      ) : (
        <p>It is for programs: it answers a stream, or takes a file.</p>
      )}
    </details>
  );
}
