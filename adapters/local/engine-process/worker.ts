import { type Engine, openEngine } from '../../../etl/engine/engine.ts';
import { failureOf, type Question, type Reply, type Request } from './messages.ts';
import { NotingFunction } from './noting-function.ts';

/**
 * The process of one engine: runs what it is sent in one DuckDB. It knows nothing of a lake, reads only what it was
 * opened with, and ends with the process that started it.
 */
function serve(): void {
  const state: State = { connections: [], functions: new Map() };
  process.on('message', (request: Request) => {
    answer(state, request).then(
      (value) => reply({ id: request.id, value }),
      (error: unknown) => reply({ id: request.id, failed: failureOf(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}

interface State {
  readonly connections: Engine[];
  readonly functions: Map<string, NotingFunction>;
}

async function answer({ connections, functions }: State, question: Question): Promise<unknown> {
  if (question.ask === 'open')
    return connections.push(await openEngine(question.options, question.spillDirectory));
  const connection = connections[question.on];
  if (connection === undefined) throw new RangeError(`There is no connection ${question.on}.`);
  if (question.ask === 'lane') return connections.push(await connection.lane()) - 1;
  if (question.ask === 'close') return connection.close();
  if (question.ask === 'define') {
    const noting = new NotingFunction(question.mark);
    functions.set(question.name, noting);
    return await connection.define(question.name, noting.of);
  }
  if (question.ask === 'unknown') return functions.get(question.name)?.takeUnknown();
  if (question.ask === 'known') return functions.get(question.name)?.tell(question.answers);
  const engine = question.role === undefined ? connection : connection.naming(question.role);
  return question.ask === 'append'
    ? await engine.append(question.table, question.rows)
    : await engine[question.ask](question.sql);
}

function reply(message: Reply): void {
  // Whoever asked may be gone.
  process.send?.(message, () => undefined);
}

serve();
