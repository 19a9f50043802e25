import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { messageOf } from '../errors.ts';
import type { ContractProblem, Path } from './problems.ts';

/** A YAML text as plain values, with the line each came from. */
export interface YamlSource {
  readonly value: unknown;
  /** The 1-based line of a path's key, or of the nearest thing around it that exists. */
  readonly lineOf: (path: Path) => number;
}

/** What reading a YAML text gave. */
export type YamlResult =
  | { readonly kind: 'read'; readonly source: YamlSource }
  | { readonly kind: 'broken'; readonly problems: ContractProblem[] };

/** Reads one YAML 1.2 document; unknown tags, repeated keys and dangling or exploding aliases are problems. */
export function readYaml(file: string, text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = (line: number, message: string): ContractProblem => ({
    file,
    line,
    path: '(yaml)',
    message,
  });
  const found = [...document.errors, ...document.warnings].map((error) =>
    problem(
      lines.linePos(error.pos[0]).line,
      error.code === 'MULTIPLE_DOCS'
        ? 'a second document begins; write one contract a file'
        : `${error.message}${quoted(text, error.pos)}; correct the YAML here`,
    ),
  );
  if (found.length > 0) return { kind: 'broken', problems: found };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    const lineOf = (path: Path): number => lines.linePos(offsetOf(document, path)).line;
    return { kind: 'read', source: { value, lineOf } };
  } catch (error) {
    return { kind: 'broken', problems: [problem(1, `${messageOf(error)}; write the values out`)] };
  }
}

function quoted(text: string, [start, end]: [number, number]): string {
  const piece =
    text
      .slice(start, Math.min(end, start + 40))
      .split('\n')[0]
      ?.trim() ?? '';
  return piece === '' ? '' : ` (at '${piece}')`;
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}
