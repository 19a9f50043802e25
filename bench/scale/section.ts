import type { Pass } from './passes.ts';
import type { StageCost } from './timeline.ts';

/** A goal and what came of it. */
export interface Goal {
  readonly measure: string;
  readonly goal: string;
  readonly reached: string;
  readonly isMet: boolean;
}

/** Lines of cells under a header. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** What one kind of measurement found. */
export interface Section {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
}

/** What every section works with. */
export interface ScaleOptions {
  /** Where files and lakes go; each section removes its own. */
  readonly directory: string;
  /** How often a pass is repeated where one is short; the median counts. */
  readonly repeat: number;
}

/** The pass of median duration, the faster of the middle two; throws when there is none. */
export function medianPass(passes: readonly Pass[]): Pass {
  const median = passes.toSorted((a, b) => a.durationMs - b.durationMs)[Math.floor((passes.length - 1) / 2)];
  if (median === undefined) throw new Error('Nothing was measured.');
  return median;
}

/** A multiple against the most that it may be. */
export function multiple(measure: string, value: number, most: number): Goal {
  return { measure, goal: `≤ ${most} ×`, reached: `${value.toFixed(2)} ×`, isMet: value <= most };
}

export const seconds = (ms: number): string => (ms / 1000).toFixed(2);
export const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);
export const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');

/** Each stage's milliseconds, in DuckDB, in the stores and in neither, which is JavaScript and reading files. */
export function stageTable(title: string, stages: readonly StageCost[]): Table {
  const columns = ['stage', 'ms', 'DuckDB ms', 'statements', 'stores ms', 'calls', 'rest ms'];
  const total: StageCost = {
    stage: 'all',
    ms: sum(stages, 'ms'),
    duckdbMs: sum(stages, 'duckdbMs'),
    duckdbCalls: sum(stages, 'duckdbCalls'),
    storesMs: sum(stages, 'storesMs'),
    storesCalls: sum(stages, 'storesCalls'),
  };
  const lines = [...stages, total].map((cost) => [
    cost.stage,
    cost.ms.toFixed(1),
    cost.duckdbMs.toFixed(1),
    String(cost.duckdbCalls),
    cost.storesMs.toFixed(1),
    String(cost.storesCalls),
    (cost.ms - cost.duckdbMs - cost.storesMs).toFixed(1),
  ]);
  return { title, columns, lines };
}

const sum = (stages: readonly StageCost[], key: Exclude<keyof StageCost, 'stage'>): number =>
  stages.reduce((total, stage) => total + stage[key], 0);

/** The stages' milliseconds, those of each pass in a column; a stage that a pass has not is left empty. */
export function compareStages(title: string, passes: Readonly<Record<string, readonly StageCost[]>>): Table {
  const names = [...new Set(Object.values(passes).flatMap((stages) => stages.map(({ stage }) => stage)))];
  const cell = (stages: readonly StageCost[], name: string): string => {
    const found = stages.find(({ stage }) => stage === name);
    return found === undefined ? '' : seconds(found.ms);
  };
  const lines = names.map((name) => [name, ...Object.values(passes).map((stages) => cell(stages, name))]);
  const all = Object.values(passes).map((stages) => seconds(sum(stages, 'ms')));
  return { title, columns: ['stage, s', ...Object.keys(passes)], lines: [...lines, ['all', ...all]] };
}

/** The statements and calls that took longest, added up by what they are; those side by side count each. */
export function longestTable(title: string, pass: Pass): Table {
  const lines = pass.longest.map(({ what, ms, calls }) => [ms.toFixed(1), String(calls), what]);
  return { title, columns: ['ms', 'times', "statement of DuckDB, or call of the lake's stores"], lines };
}

/** A table in Markdown, numbers to the right. */
export function toMarkdown({ title, columns, lines }: Table): string {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const isNumber = (i: number): boolean => lines.every((cells) => /^[\d.,\s–]*$/.test(cells[i] ?? ''));
  const rule = columns.map((_, i) => (isNumber(i) ? '---:' : '---'));
  return [`${title}\n`, row(columns), row(rule), ...lines.map(row), ''].join('\n');
}
