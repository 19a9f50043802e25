import { AssayError, ConfigError, outwardMessage } from '../../../etl/errors.ts';
import type { QueryAnswer } from '../../../etl/query/answer.ts';
import { type AsOf, parseAsOf } from '../../../etl/query/as-of.ts';
import { listTables } from '../../../etl/query/catalog.ts';
import type { Question } from '../../../etl/query/run-query.ts';
import { isAllowed } from '../../identity/identity.ts';
import { readerOf } from '../../identity/reader.ts';
import { askOpenly } from '../../queries/ask-openly.ts';
import { askRevealing, revealableGroups } from '../../queries/ask-revealing.ts';
import type { AskedBefore, AskedQuery, QueryState } from '../../queries/desk.ts';
import { ownQuery } from '../../queries/own-query.ts';
import { queryAt, sqlAt, sqlRevealAt } from '../addresses.ts';
import type { Action, Page, PageRequest, PageView } from '../page.ts';
import { AnswerTable } from '../parts/answer-table.tsx';
import { Empty } from '../parts/facts.tsx';
import { publishedStates } from '../parts/published-states.tsx';
import { type Drawn, drawnOf, QuickChart } from '../parts/quick-chart.tsx';
import { SqlEditor, type WrittenSql } from '../parts/sql-editor.tsx';
import { count, duration, plural, Time } from '../parts/text.tsx';
import { wordOf } from '../word-of.ts';

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
    const asked = await ownQuery(service, id, identity);
    const before = (await queries.recent(identity.name)).find((one) => one.id === id);
    return await pageOf(request, {
      ...writtenOf(asked ?? before),
      outcome:
        asked === undefined
          ? { kind: 'gone', isStopped: request.query.stopped !== undefined }
          : { kind: 'asked', asked, state: await asked.state(PATIENCE_MS) },
    });
  },
};

/** Asks, and leads to the answer. */
export const ask: Action = {
  path: sqlAt,
  permission: 'sql.ask',
  act: (request) =>
    asking(request, async (question) => {
      const { identity, service } = request;
      return await askOpenly(service, identity, question);
    }),
};

/** Asks for the values of the data groups that are ticked, and leads to the answer. */
export const askValues: Action = {
  path: sqlRevealAt,
  permission: 'values.reveal',
  act: (request) =>
    asking(request, async (question) => {
      const { form, identity, service } = request;
      const groups = (await revealableGroups(service, identity)).filter(
        (group) => form[`reveal:${group}`] === 'yes',
      );
      if (groups.length === 0)
        throw new ConfigError('REQUEST', 'No data group is ticked: go back, and tick whose values you need.');
      const { reason } = wordOf(request);
      return await askRevealing(service, identity, { ...question, groups, reason });
    }),
};

/** Asks what the form says, and leads to the answer; a wrong moment is shown again with what is wrong with it. */
async function asking(
  request: Parameters<Action['act']>[0],
  ask: (question: Pick<Question, 'sql' | 'asOf'>) => Promise<AskedQuery>,
): Promise<string | PageView> {
  const { form } = request;
  const [text = '', written = ''] = [form.sql, form.asOf?.trim()];
  const asOf = momentOf(written);
  if (asOf instanceof ConfigError) return await pageOf(request, { text, asOf: written, wrong: asOf.message });
  return queryAt((await ask({ sql: text, asOf })).id);
}

/** The moment that was written, or what is wrong with it. */
function momentOf(text: string): AsOf | ConfigError {
  try {
    return text === '' ? { kind: 'now' } : parseAsOf(text);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** Stops a question that is being answered. */
export const cancel: Action = {
  path: `${sqlAt}/{queryId}/cancel`,
  permission: 'sql.ask',
  async act({ params, identity, service }) {
    await service.queries.cancel(params.queryId ?? '', identity.name);
    return `${queryAt(params.queryId ?? '')}?stopped=yes`;
  },
};

type Outcome =
  | { readonly kind: 'gone'; readonly isStopped: boolean }
  | { readonly kind: 'asked'; readonly asked: AskedQuery; readonly state: QueryState };

/** The editor's text, and its outcome. */
interface Written extends WrittenSql {
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
    script: 'sql-editor.js',
    ...(isRunning ? { refreshSeconds: 2 } : {}),
    body: (
      <>
        <h1>SQL</h1>
        <SqlEditor
          csrf={request.csrf}
          written={written}
          states={await publishedStates(request)}
          groups={await groupsFor(request)}
        />
        <div id="outcome" data-live="">
          {outcome !== undefined && <Came request={request} outcome={outcome} now={clockOf(request)} />}
          {outcome?.kind === 'asked' && outcome.state.kind === 'answered' && (
            <Answer
              answer={outcome.state.answer}
              asked={outcome.asked}
              tookMs={outcome.state.tookMs}
              page={await pageOfRows(outcome.state.answer, request)}
              drawn={await drawnOf(outcome.state.answer, request.query)}
              isDrawn={request.query.value !== undefined}
            />
          )}
        </div>
        <Tables tables={await listTables(request.service.lake.effects, readerOf(request.identity))} />
        <History found={await request.service.queries.recent(request.identity.name)} />
      </>
    ),
  };
}

/** The data groups whose values may be asked for here: none where Athena answers. */
async function groupsFor({ service, identity }: PageRequest): Promise<readonly string[]> {
  const mayAsk = service.glue === undefined && isAllowed(identity, 'values.reveal', service);
  return mayAsk ? await revealableGroups(service, identity) : [];
}

const clockOf = ({ service }: PageRequest): Date => service.lake.effects.clock.now();

interface Came {
  readonly request: PageRequest;
  readonly outcome: Outcome;
  readonly now: Date;
}

/** The outcome of a question without an answer. */
function Came({ request: { csrf }, outcome, now }: Came) {
  if (outcome.kind === 'gone')
    return (
      <Empty>
        {outcome.isStopped
          ? 'You stopped it. Its text is above, to be asked again or changed.'
          : 'Its answer was let go, as nobody had looked at it for a while. Ask again.'}
      </Empty>
    );
  const { asked, state } = outcome;
  if (state.kind === 'failed') {
    const [code, place] =
      state.error instanceof AssayError ? [state.error.code, state.error.context] : ['INTERNAL', {}];
    return (
      <section class="failed" role="alert" data-line={place.line} data-column={place.column}>
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
  drawn,
  isDrawn,
}: {
  readonly answer: QueryAnswer;
  readonly asked: AskedQuery;
  readonly tookMs: number;
  readonly page: RowsPage;
  readonly drawn: Drawn | undefined;
  readonly isDrawn: boolean;
}) {
  const { columns, rowCount } = answer;
  const at = queryAt(asked.id);
  const { reveal } = asked.question;
  return (
    <section aria-labelledby="answer">
      <h2 id="answer">
        {plural(rowCount, 'row')} in {duration(tookMs)}
      </h2>
      <p class="beside">
        {FORMATS.filter((format) => format !== 'parquet' || reveal === undefined).map((format) => (
          <a href={`/v1/queries/${asked.id}/file?format=${format}`} download={`answer.${format}`}>
            {format.toUpperCase()}
          </a>
        ))}
      </p>
      {reveal !== undefined && (
        <p class="soft">
          With values of {reveal.groups.join(', ')}. That you saw them is kept, with your reason.
        </p>
      )}
      {rowCount === 0 ? (
        <Empty>No row meets what was asked.</Empty>
      ) : (
        <AnswerTable columns={columns} rows={rows} />
      )}
      {drawn !== undefined && (
        <QuickChart at={at} columns={columns} rowCount={rowCount} drawn={drawn} isOpen={isDrawn} />
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
