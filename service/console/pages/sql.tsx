import { AssayError, outwardMessage } from '../../../etl/errors.ts';
import type { QueryAnswer } from '../../../etl/query/answer.ts';
import { parseAsOf } from '../../../etl/query/as-of.ts';
import { listTables } from '../../../etl/query/catalog.ts';
import { readerOf } from '../../identity/reader.ts';
import type { AskedBefore, AskedQuery, QueryState } from '../../queries/desk.ts';
import { queryAt, sqlAt } from '../addresses.ts';
import type { Action, Page, PageRequest, PageView } from '../page.ts';
import { AnswerTable } from '../parts/answer-table.tsx';
import { Empty } from '../parts/facts.tsx';
import { count, duration, plural, Time } from '../parts/text.tsx';

const ROWS = 100;
/** Most answers are there by then, and are shown at once. */
const PATIENCE_MS = 2000;
const FORMATS = ['csv', 'xlsx', 'parquet', 'json'];

/** A place to ask in SQL. */
export const sql: Page = {
  path: sqlAt,
  permission: 'sql.ask',
  render: (request) => pageOf(request, { text: '', asOf: '' }),
};

/** A question and its answer. */
export const sqlAnswer: Page = {
  path: `${sqlAt}/{queryId}`,
  permission: 'sql.ask',
  async render(request) {
    const { params, identity, service } = request;
    const { queries } = service;
    const id = params.queryId ?? '';
    const asked = queries.find(id, identity.name);
    const before = queries.recent(identity.name).find((one) => one.id === id);
    return await pageOf(request, {
      ...writtenOf(asked ?? before),
      outcome:
        asked === undefined
          ? { kind: 'gone' }
          : { kind: 'asked', asked, state: await asked.state(PATIENCE_MS) },
    });
  },
};

/** Asks, and leads to the answer. */
export const ask: Action = {
  path: sqlAt,
  permission: 'sql.ask',
  async act({ form, identity, service }) {
    const [text = '', asOf = ''] = [form.sql, form.asOf?.trim()];
    const when = asOf === '' ? ({ kind: 'now' } as const) : parseAsOf(asOf);
    const { id } = service.queries.ask({ sql: text, asOf: when, reader: readerOf(identity) }, identity.name);
    return queryAt(id);
  },
};

/** Stops a question that is being answered. */
export const cancel: Action = {
  path: `${sqlAt}/{queryId}/cancel`,
  permission: 'sql.ask',
  async act({ params, identity, service }) {
    await service.queries.cancel(params.queryId ?? '', identity.name);
    return queryAt(params.queryId ?? '');
  },
};

type Outcome =
  | { readonly kind: 'gone' }
  | { readonly kind: 'asked'; readonly asked: AskedQuery; readonly state: QueryState };

/** The editor's text, and its outcome. */
interface Written {
  readonly text: string;
  readonly asOf: string;
  readonly outcome?: Outcome;
}

function writtenOf(asked: AskedBefore | undefined): Written {
  const asOf = asked?.question.asOf;
  const when =
    asOf?.kind === 'snapshot'
      ? String(asOf.id)
      : asOf?.kind === 'time'
        ? new Date(asOf.ms).toISOString().replace(/(:00)?\.000Z$/, 'Z')
        : '';
  return { text: asked?.question.sql ?? '', asOf: when };
}

async function pageOf(request: PageRequest, written: Written): Promise<PageView> {
  const { outcome } = written;
  const isRunning = outcome?.kind === 'asked' && outcome.state.kind === 'running';
  return {
    title: 'SQL',
    ...(isRunning ? { refreshSeconds: 2 } : {}),
    body: (
      <>
        <h1>SQL</h1>
        <Editor request={request} written={written} />
        {outcome !== undefined && <Came request={request} outcome={outcome} now={clockOf(request)} />}
        {outcome?.kind === 'asked' && outcome.state.kind === 'answered' && (
          <Answer
            answer={outcome.state.answer}
            asked={outcome.asked}
            tookMs={outcome.state.tookMs}
            page={await pageOfRows(outcome.state.answer, request)}
          />
        )}
        <Tables tables={await listTables(request.service.lake.effects, readerOf(request.identity))} />
        <History found={request.service.queries.recent(request.identity.name)} />
      </>
    ),
  };
}

const clockOf = ({ service }: PageRequest): Date => service.lake.effects.clock.now();

function Editor({
  request: { csrf },
  written,
}: {
  readonly request: PageRequest;
  readonly written: Written;
}) {
  return (
    <form method="post" action={sqlAt} class="sql">
      <input type="hidden" name="csrf" value={csrf ?? ''} />
      <label for="sql">One SELECT, in DuckDB's SQL</label>
      <textarea
        id="sql"
        name="sql"
        rows={8}
        required
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        placeholder="SELECT * FROM gold.…"
      >
        {written.text}
      </textarea>
      <p class="beside">
        <label for="as-of">As of</label>
        <input
          id="as-of"
          name="asOf"
          value={written.asOf}
          placeholder="now; or 2024-05-01, or a snapshot"
          autocomplete="off"
        />
        <button type="submit">Ask</button>
        <span class="soft">Ctrl+Enter asks, too.</span>
      </p>
    </form>
  );
}

interface Came {
  readonly request: PageRequest;
  readonly outcome: Outcome;
  readonly now: Date;
}

/** The outcome of a question without an answer. */
function Came({ request: { csrf }, outcome, now }: Came) {
  if (outcome.kind === 'gone')
    return (
      <Empty>Its answer was let go: nobody had looked at it for a while, or it was stopped. Ask again.</Empty>
    );
  const { asked, state } = outcome;
  if (state.kind === 'failed') {
    const code = state.error instanceof AssayError ? state.error.code : 'INTERNAL';
    return (
      <section class="failed" role="alert">
        <pre>{outwardMessage(state.error)}</pre>
        <p class="soft">{code}</p>
      </section>
    );
  }
  if (state.kind === 'answered') return null;
  return (
    <form method="post" action={`${queryAt(asked.id)}/cancel`} class="beside" role="status">
      <input type="hidden" name="csrf" value={csrf ?? ''} />
      Answering, for {duration(now.getTime() - asked.askedAt.getTime())} by now; this page looks again by
      itself.
      <button type="submit" class="plain">
        Stop it
      </button>
    </form>
  );
}

interface RowsPage {
  readonly from: number;
  readonly rows: Awaited<ReturnType<QueryAnswer['rows']>>;
}

async function pageOfRows(answer: QueryAnswer, { query }: PageRequest): Promise<RowsPage> {
  const asked = Number(query.from ?? 0);
  const from = Number.isSafeInteger(asked) && asked > 0 && asked < answer.rowCount ? asked : 0;
  return { from, rows: await answer.rows(from, from + ROWS) };
}

function Answer({
  answer,
  asked,
  tookMs,
  page: { from, rows },
}: {
  readonly answer: QueryAnswer;
  readonly asked: AskedQuery;
  readonly tookMs: number;
  readonly page: RowsPage;
}) {
  const { columns, rowCount } = answer;
  const at = queryAt(asked.id);
  return (
    <section aria-labelledby="answer">
      <h2 id="answer">
        {plural(rowCount, 'row')} in {duration(tookMs)}
      </h2>
      <p class="beside">
        {FORMATS.map((format) => (
          <a href={`/v1/queries/${asked.id}/file?format=${format}`} download={`answer.${format}`}>
            {format.toUpperCase()}
          </a>
        ))}
      </p>
      {rowCount === 0 ? (
        <Empty>No row meets what was asked.</Empty>
      ) : (
        <AnswerTable columns={columns} rows={rows} />
      )}
      {rowCount > ROWS && (
        <nav aria-label="Rows" class="beside">
          {from > 0 && <a href={`${at}?from=${Math.max(0, from - ROWS)}`}>Before</a>}
          <span>
            {count(from + 1)} to {count(from + rows.length)} of {count(rowCount)}
          </span>
          {from + rows.length < rowCount && <a href={`${at}?from=${from + ROWS}`}>Next</a>}
        </nav>
      )}
    </section>
  );
}

function Tables({ tables }: { readonly tables: Awaited<ReturnType<typeof listTables>> }) {
  return (
    <details>
      <summary>{plural(tables.length, 'table')} that you may read</summary>
      <dl class="tables">
        {tables.map(({ name, description, columns }) => (
          <>
            <dt>
              <code>{name}</code>
            </dt>
            <dd>
              {description}
              {columns.length > 0 && (
                <p class="soft">
                  {columns.map((column) => (
                    <>
                      <code title={column.description}>{column.name}</code> {column.type.toLowerCase()}{' '}
                    </>
                  ))}
                </p>
              )}
            </dd>
          </>
        ))}
      </dl>
    </details>
  );
}

function History({ found }: { readonly found: readonly AskedBefore[] }) {
  if (found.length === 0) return null;
  return (
    <details>
      <summary>Asked before</summary>
      <ul class="history">
        {found.map(({ id, question, askedAt }) => (
          <li>
            <Time at={askedAt.toISOString()} />{' '}
            <a href={queryAt(id)}>
              <code>{question.sql.length > 160 ? `${question.sql.slice(0, 160)}…` : question.sql}</code>
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}
