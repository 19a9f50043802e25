import { isBlankSql, isEnded, oneLine } from '../../etl/query/sql-text.ts';
import type { Io } from '../io.ts';
import { completeSql, type KnownTable } from './complete-sql.ts';
import { readHistory, writeHistory } from './history-file.ts';
import type { LineReader, OpenLines } from './line-reader.ts';

/** What a prompt asks. */
export interface PromptPlace {
  readonly io: Io;
  readonly openLines: OpenLines;
  readonly tables: readonly KnownTable[];
  /** Answers one statement, and prints what it answers or why it can't; Ctrl-C meanwhile stops it. */
  readonly ask: (sql: string, onInterrupt: LineReader['onInterrupt']) => Promise<void>;
}

const FIRST = 'assay> ';
const MORE = '  ...> ';

const HELP = `End a statement with ; and it is answered. It may have several lines.
  .tables [SCHEMA]   the tables there are, e.g. .tables silver
  .describe TABLE    its columns, what they mean and who owns them
  .help              this
  .quit              leave, as Ctrl-D does
Tab completes tables, columns and keywords; the arrow keys bring back earlier statements; Ctrl-C drops what is typed, and
stops a query that runs.
E.g. SELECT * FROM ops.runs LIMIT 5;`;

const COMMANDS = ['.tables', '.describe', '.help', '.quit', '.exit'];

/** Asks for statements and has them answered until the person leaves. */
export async function queryPrompt({ io, openLines, tables, ask }: PromptPlace): Promise<void> {
  const history = await readHistory(io);
  let statement = '';
  const known = { tables, commands: COMMANDS };
  const lines = openLines({ history, complete: (text) => completeSql(text, statement, known) });
  const answer = async (sql: string): Promise<void> => {
    const kept = oneLine(sql);
    if (kept !== undefined && history.at(-1) !== kept) history.push(kept);
    if (kept !== undefined) lines.remember(kept);
    await ask(sql, (callback) => lines.onInterrupt(callback));
  };
  io.out(`Ask with SQL; ${tables.length} tables. End a statement with ;  .help helps, .quit leaves.`);
  for (;;) {
    const typed = await lines.next(statement === '' ? FIRST : MORE);
    if (typed.kind === 'closed') break;
    if (typed.kind === 'interrupted') {
      statement = '';
      io.out('');
      continue;
    }
    const isCommand = statement === '' && typed.text.trimStart().startsWith('.');
    if (isCommand) {
      if ((await obey(typed.text.trim(), io, answer)) === 'leave') break;
      continue;
    }
    statement = statement === '' ? typed.text : `${statement}\n${typed.text}`;
    if (isBlankSql(statement)) statement = '';
    if (!isEnded(statement)) continue;
    const sql = statement;
    statement = '';
    await answer(sql);
  }
  lines.close();
  await writeHistory(io, history);
}

/** Does what a line that begins with a dot says. */
async function obey(line: string, io: Io, answer: (sql: string) => Promise<void>): Promise<'leave' | 'stay'> {
  const [command = '', argument = ''] = line.replace(/;+$/, '').split(/\s+/);
  if (command === '.quit' || command === '.exit' || command === '.q') return 'leave';
  if (command === '.help' || command === '.h') io.out(HELP);
  else if (command === '.tables')
    await answer(argument === '' ? 'SHOW TABLES' : `SHOW TABLES FROM ${argument}`);
  else if (command === '.describe' && argument !== '') await answer(`DESCRIBE ${argument}`);
  else if (command === '.describe') io.err('Write .describe and a table, e.g. .describe ops.runs');
  else io.err(`${command} is no command here; .help lists them. SQL needs no dot.`);
  return 'stay';
}
