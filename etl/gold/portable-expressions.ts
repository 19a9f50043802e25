import { identifier, literal } from '../engine/sql.ts';
import { NotPortable, type Part, type Printing, partOf, partsOf, textIn } from './portable-parts.ts';

/** An expression of a parsed tree as SQL that means the same on DuckDB, Trino and Athena; throws NotPortable. */
export function expressionSql(part: Part, printing: Printing): string {
  const print = PRINTERS[textIn(part, 'class')];
  if (print === undefined)
    throw new NotPortable(`it has a ${textIn(part, 'class').toLowerCase().replaceAll('_', ' ')}`);
  return print(part, printing);
}

type Print = (part: Part, printing: Printing) => string;

const PRINTERS: Readonly<Record<string, Print>> = {
  COLUMN_REF: columnSql,
  CONSTANT: constantSql,
  CAST: castSql,
  FUNCTION: callSql,
  COMPARISON: comparisonSql,
  CONJUNCTION: (part, printing) =>
    joined(part.children, part.type === 'CONJUNCTION_AND' ? ' AND ' : ' OR ', printing),
  OPERATOR: operatorSql,
  BETWEEN: (part, printing) => {
    const [input, lower, upper] = [part.input, part.lower, part.upper].map((one) =>
      expressionSql(partOf(one), printing),
    );
    return `(${input} BETWEEN ${lower} AND ${upper})`;
  },
  CASE: caseSql,
  SUBQUERY: subquerySql,
  STAR: (part) => {
    const of = textIn(part, 'relation_name');
    const isPlain = ['exclude_list', 'replace_list', 'rename_list', 'qualified_exclude_list'].every(
      (name) => !Array.isArray(part[name]) || part[name].length === 0,
    );
    if (!isPlain || (part.expr ?? null) !== null || part.columns === true)
      throw new NotPortable('it has a * with EXCLUDE, REPLACE or RENAME');
    return of === '' ? '*' : `${identifier(of)}.*`;
  },
};

const listed = (parts: unknown, printing: Printing): string[] =>
  partsOf(parts).map((one) => expressionSql(one, printing));
const joined = (parts: unknown, word: string, printing: Printing): string =>
  `(${listed(parts, printing).join(word)})`;

function columnSql(part: Part, { columns, scales }: Printing): string {
  const names = Array.isArray(part.column_names) ? part.column_names.map(String) : [];
  const name = names.at(-1) ?? '';
  if (columns.get(name.toLowerCase())?.isExact === false)
    throw new NotPortable(`the column ${name} is of a type on which engines differ, as DOUBLE`);
  for (const scale of columns.get(name.toLowerCase())?.scales ?? []) scales.add(scale);
  return names.slice(-2).map(identifier).join('.');
}

function constantSql(part: Part, { constantScales }: Printing): string {
  const value = partOf(part.value);
  const type = partOf(value.type);
  if (value.is_null === true) return 'NULL';
  const given = value.value;
  if (type.id === 'VARCHAR' && typeof given === 'string') return literal(given);
  if ((type.id === 'INTEGER' || type.id === 'BIGINT') && Number.isSafeInteger(given)) return String(given);
  if (type.id === 'BOOLEAN' && typeof given === 'boolean') return String(given);
  const scale = partOf(type.type_info).scale;
  if (type.id === 'DECIMAL' && typeof scale === 'number' && Number.isSafeInteger(given)) {
    constantScales.add(scale);
    return decimalText(Number(given), scale);
  }
  throw new NotPortable(`it has a constant of type ${String(type.id)}, or one of very many digits`);
}

/** 250 at scale 2 → `2.50`. */
function decimalText(unscaled: number, scale: number): string {
  const digits = String(Math.abs(unscaled)).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0 ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

const TYPES: Readonly<Record<string, string>> = {
  DATE: 'DATE',
  INTEGER: 'INTEGER',
  BIGINT: 'BIGINT',
  BOOLEAN: 'BOOLEAN',
};

function castSql(part: Part, printing: Printing): string {
  const [type, child] = [partOf(part.cast_type), partOf(part.child)];
  if (part.try_cast === true) throw new NotPortable('it has TRY_CAST');
  const constant = partOf(child.value);
  const isText = child.class === 'CONSTANT' && typeof constant.value === 'string';
  if (isText && type.id === 'DATE') return `DATE ${literal(String(constant.value))}`;
  if (isText && type.id === 'BOOLEAN') return constant.value === 't' ? 'true' : 'false';
  if (type.id === 'VARCHAR' && constant.is_null === true) return 'CAST(NULL AS VARCHAR)';
  if (type.id === 'DATE' && isUtc(child)) {
    const [, at = {}] = partsOf(child.children);
    return `CAST(${expressionSql(at, printing)} AT TIME ZONE 'UTC' AS DATE)`;
  }
  // Elsewhere a time loses its microseconds by it; a day has none.
  if (type.id === 'TIMESTAMP WITH TIME ZONE' && isDay(child))
    return `CAST(${expressionSql(child, printing)} AS TIMESTAMP WITH TIME ZONE)`;
  const { width, scale } = partOf(type.type_info);
  const name = type.id === 'DECIMAL' ? `DECIMAL(${String(width)}, ${String(scale)})` : TYPES[String(type.id)];
  if (name === undefined || isText)
    throw new NotPortable(`it casts ${isText ? 'a text ' : ''}to ${String(type.id)}`);
  if (typeof scale === 'number') printing.scales.add(scale);
  const isSum = SUMS.has(textIn(child, 'function_name')) && type.id !== 'INTEGER';
  const sql = isSum ? aggregateSql(child, printing) : expressionSql(child, printing);
  return `CAST(${sql} AS ${name})`;
}

/** `x AT TIME ZONE 'UTC'`, which is of another type elsewhere, but of the same day. */
function isUtc(part: Part): boolean {
  const [zone = {}] = partsOf(part.children);
  return part.function_name === 'timezone' && partOf(zone.value).value === 'UTC';
}

/** A day for certain: a cast to one, or one with an interval added or taken away. */
function isDay(part: Part): boolean {
  if (part.class === 'CAST') return partOf(part.cast_type).id === 'DATE';
  const [day = {}, interval = {}] = partsOf(part.children);
  const isMoved = part.function_name === '+' || part.function_name === '-';
  return isMoved && isDay(day) && INTERVALS[textIn(interval, 'function_name')] !== undefined;
}

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHAN: '>',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
};

function comparisonSql(part: Part, printing: Printing): string {
  const sign = COMPARISONS[textIn(part, 'type')];
  if (sign === undefined) throw new NotPortable(`it has a ${textIn(part, 'type')}`);
  const [left, right] = [part.left, part.right].map((side) => expressionSql(partOf(side), printing));
  return `(${left} ${sign} ${right})`;
}

function operatorSql(part: Part, printing: Printing): string {
  const [first = '', ...others] = listed(part.children, printing);
  switch (part.type) {
    case 'OPERATOR_NOT':
      return `(NOT ${first})`;
    case 'OPERATOR_IS_NULL':
      return `(${first} IS NULL)`;
    case 'OPERATOR_IS_NOT_NULL':
      return `(${first} IS NOT NULL)`;
    case 'OPERATOR_COALESCE':
      return `COALESCE(${[first, ...others].join(', ')})`;
    case 'COMPARE_IN':
      return `(${first} IN (${others.join(', ')}))`;
    case 'COMPARE_NOT_IN':
      return `(${first} NOT IN (${others.join(', ')}))`;
    default:
      throw new NotPortable(`it has a ${textIn(part, 'type').toLowerCase().replaceAll('_', ' ')}`);
  }
}

function caseSql(part: Part, printing: Printing): string {
  const cases = partsOf(part.case_checks).map(
    ({ when_expr: when, then_expr: then }) =>
      `WHEN ${expressionSql(partOf(when), printing)} THEN ${expressionSql(partOf(then), printing)}`,
  );
  const rest = (part.else_expr ?? null) === null ? 'NULL' : expressionSql(partOf(part.else_expr), printing);
  return `CASE ${cases.join(' ')} ELSE ${rest} END`;
}

function subquerySql(part: Part, printing: Printing): string {
  const query = printing.querySql(partOf(partOf(part.subquery).node), printing);
  if (part.subquery_type === 'EXISTS') return `EXISTS (${query})`;
  if (part.subquery_type === 'SCALAR') return `(${query})`;
  if (part.subquery_type === 'ANY' && part.comparison_type === 'COMPARE_EQUAL')
    return `(${expressionSql(partOf(part.child), printing)} IN (${query}))`;
  throw new NotPortable(`it has a subquery by ${textIn(part, 'subquery_type')}`);
}

/** Of integers they are of a type that each engine has of its own; a cast around them says one. */
const SUMS: ReadonlySet<string> = new Set(['sum', 'count_if']);
const AGGREGATES: ReadonlySet<string> = new Set([
  'sum',
  'count',
  'count_star',
  'min',
  'max',
  'bool_and',
  'bool_or',
  'count_if',
]);
const SCALARS: ReadonlySet<string> = new Set(['abs', 'nullif', 'year', 'quarter', 'month', 'day']);
const SIGNS: Readonly<Record<string, string>> = {
  '+': '+',
  '-': '-',
  '*': '*',
  '||': '||',
  '~~': 'LIKE',
  '!~~': 'NOT LIKE',
};
const UNITS: ReadonlySet<string> = new Set(['year', 'quarter', 'month', 'day']);
const INTERVALS: Readonly<Record<string, string>> = { to_years: 'YEAR', to_months: 'MONTH', to_days: 'DAY' };

function callSql(part: Part, printing: Printing): string {
  const name = textIn(part, 'function_name').toLowerCase();
  if (partsOf(partOf(part.order_bys).orders).length > 0)
    throw new NotPortable(`it calls '${name}' with ORDER BY`);
  const interval = INTERVALS[name];
  if (interval !== undefined) return `INTERVAL '${numberOf(partsOf(part.children)[0], name)}' ${interval}`;
  if (name === 'date_trunc' || name === 'date_part') return unitSql(part, name, printing);
  if (SUMS.has(name))
    throw new NotPortable(
      `it calls '${name}' without a cast around it; write CAST(${name}(…) AS DECIMAL(38, 2)), or AS BIGINT`,
    );
  if (AGGREGATES.has(name)) return aggregateSql(part, printing);
  const given = listed(part.children, printing);
  const sign = SIGNS[name];
  if (name === '*' && !partsOf(part.children).some(isInteger))
    throw new NotPortable('it multiplies by something else than a whole number');
  if (sign !== undefined && part.is_operator === true)
    return given.length === 1 ? `(${sign}${given[0] ?? ''})` : `(${given.join(` ${sign} `)})`;
  if (SCALARS.has(name)) return `${name}(${given.join(', ')})`;
  throw new NotPortable(`it calls '${name}'`);
}

/** A whole number for certain. */
function isInteger(part: Part): boolean {
  const type = partOf(part.class === 'CAST' ? part.cast_type : partOf(part.value).type).id;
  const isCount = part.function_name === 'count' || part.function_name === 'count_star';
  return isCount || type === 'INTEGER' || type === 'BIGINT';
}

function aggregateSql(part: Part, printing: Printing): string {
  const name = textIn(part, 'function_name').toLowerCase();
  if (partsOf(partOf(part.order_bys).orders).length > 0)
    throw new NotPortable(`it calls '${name}' with ORDER BY`);
  const given = listed(part.children, printing);
  const filter =
    (part.filter ?? null) === null ? '' : ` FILTER (WHERE ${expressionSql(partOf(part.filter), printing)})`;
  if (name === 'count_star' || given.length === 0) return `count(*)${filter}`;
  return `${name}(${part.distinct === true ? 'DISTINCT ' : ''}${given.join(', ')})${filter}`;
}

function unitSql(part: Part, name: string, printing: Printing): string {
  const [unit = {}, of = {}] = partsOf(part.children);
  const text = String(partOf(unit.value).value).toLowerCase();
  if (!UNITS.has(text)) throw new NotPortable(`it calls '${name}' with '${text}'`);
  const sql = expressionSql(of, printing);
  return name === 'date_trunc'
    ? `date_trunc('${text}', ${sql})`
    : `EXTRACT(${text.toUpperCase()} FROM ${sql})`;
}

/** The whole number of an INTERVAL, which DuckDB parses as a cast of a cast. */
function numberOf(part: Part | undefined, name: string): number {
  let inner = part ?? {};
  while (inner.class === 'CAST' || inner.function_name === 'trunc')
    inner = inner.class === 'CAST' ? partOf(inner.child) : (partsOf(inner.children)[0] ?? {});
  const given = Number(partOf(inner.value).value);
  if (inner.class !== 'CONSTANT' || !Number.isSafeInteger(given) || given < 0)
    throw new NotPortable(`it calls '${name}' with something else than a whole number`);
  return given;
}
