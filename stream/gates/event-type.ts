import { PAST_FORMS } from './past-forms.ts';

/** `<domain>.<entity>.<past tense>`: three names in lower case, of words with underscores between. */
const FORM = /^[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*){2}$/;

/**
 * What is wrong with the name of an event's type: `EVENT_TYPE_FORM` where it hasn't the form
 * `<domain>.<entity>.<past tense>`, else `EVENT_TYPE_DOMAIN` where its domain is not its dataset's, and `EVENT_TYPE_TENSE`
 * where its last word neither ends in `ed` nor is one of the irregular past forms of English that are known.
 */
export function eventTypeReasons(type: string, dataset: string): string[] {
  if (!FORM.test(type)) return ['EVENT_TYPE_FORM'];
  const domain = type.slice(0, type.indexOf('.'));
  const word = /[a-z0-9]+$/.exec(type)?.[0] ?? '';
  return [
    ...(dataset.startsWith(`${domain}.`) ? [] : ['EVENT_TYPE_DOMAIN']),
    ...(/[a-z]ed$/.test(word) || PAST_FORMS.has(word) ? [] : ['EVENT_TYPE_TENSE']),
  ];
}
