import type { ResolutionRule } from './resolution-rule.ts';

/** What a dataset's rules are compared with. */
export interface ResolutionSurroundings {
  readonly urn: string;
  /** The rules of all other datasets. */
  readonly others: readonly ResolutionRule[];
  /** Topics that events are sent on to. */
  readonly republishTopics: ReadonlySet<string>;
}

/** What makes no sense in rules whose form is right; empty where all does. */
export function checkResolution(
  rules: readonly ResolutionRule[],
  { urn, others, republishTopics }: ResolutionSurroundings,
): readonly string[] {
  const seen = new Map(others.map((rule) => [sourceOf(rule), rule]));
  return rules.flatMap((rule, n) => {
    const at = `rules.${n}`;
    if (rule.dataset_urn !== urn)
      return [`${at} leads to ${rule.dataset_urn}, and these are the rules of ${urn}`];
    const before = seen.get(sourceOf(rule));
    seen.set(sourceOf(rule), rule);
    return [
      ...headerProblems(rule, at),
      ...(before === undefined ? [] : [contradiction(before, rule, at)]),
      ...(rule.source_type === 'TOPIC' && republishTopics.has(rule.source_value)
        ? [`${at}: events that pass are sent on to ${rule.source_value}: they would come again and again`]
        : []),
    ];
  });
}

function contradiction(before: ResolutionRule, rule: ResolutionRule, at: string): string {
  const what = `${rule.source_type} ${rule.source_value}${rule.extraction_rule === undefined ? '' : ` with ${rule.extraction_rule}`}`;
  return before.dataset_urn === rule.dataset_urn
    ? `${at} says ${what} once more`
    : `${at}: ${what} leads to ${before.dataset_urn} already; an event can't be of both`;
}

function headerProblems({ source_type, source_value }: ResolutionRule, at: string): string[] {
  return source_type === 'HEADER' && !/^[^=]+=.+$/s.test(source_value)
    ? [`${at}: source_value of a HEADER is NAME=VALUE, and this is '${source_value}'`]
    : [];
}

/** Which events a rule is for. */
const sourceOf = ({ source_type, source_value, extraction_rule }: ResolutionRule): string =>
  JSON.stringify([source_type, source_value, extraction_rule ?? null]);
