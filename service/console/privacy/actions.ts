import { zipOf } from '../../../etl/answers/zip.ts';
import { ConfigError } from '../../../etl/errors.ts';
import { accessPerson } from '../../../etl/personal/access/access-person.ts';
import { accessMembers } from '../../../etl/personal/access/access-zip.ts';
import { previewAdoption } from '../../../etl/personal/adopting/preview-adoption.ts';
import { approveForgetting, refuseForgetting } from '../../../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting, previewForgetting } from '../../../etl/personal/forgetting/ask-forgetting.ts';
import { valuesOf } from '../../../etl/privacy/looking/needles.ts';
import type { Subject } from '../../../etl/privacy/vault.ts';
import { newRunId } from '../../../etl/stages/run-id.ts';
import { adoptionsOf } from '../../privacy/adoption-desk.ts';
import { lookingOf } from '../../privacy/looking-desk.ts';
import { forgettingAt, privacyAt } from '../addresses.ts';
import type { Action } from '../page.ts';
import { wordOf } from '../word-of.ts';
import { adoptionPreview } from './adoption-preview.tsx';
import { previewView } from './preview.tsx';

/** Whom a form means: never in an address, which is kept in logs. */
function subjectOf({ form }: Parameters<Action['act']>[0]): Subject {
  const [kind, id] = [form.kind ?? '', form.id?.trim() ?? ''];
  if (kind !== '' && id !== '') return { kind, id };
  throw new ConfigError('REQUEST', 'Say who is meant: go back, and write the id that the source gave them.');
}

const preview: Action = {
  path: `${privacyAt}/preview`,
  permission: 'privacy.decide',
  async act(request) {
    const subject = subjectOf(request);
    const found = await previewForgetting(request.service.lake.effects, subject);
    return previewView(request, subject, found);
  },
};

const ask: Action = {
  path: `${privacyAt}/ask`,
  permission: 'privacy.decide',
  async act(request) {
    const asked = await askForgetting(request.service.lake.effects, subjectOf(request), wordOf(request));
    return asked.state === 'forgotten' ? forgettingAt(asked.request) : `${privacyAt}?done=asked`;
  },
};

const approve: Action = {
  path: `${privacyAt}/requests/{request}/approve`,
  permission: 'privacy.decide',
  async act(request) {
    const id = request.params.request ?? '';
    await approveForgetting(request.service.lake.effects, id, wordOf(request));
    return forgettingAt(id);
  },
};

const refuse: Action = {
  path: `${privacyAt}/requests/{request}/refuse`,
  permission: 'privacy.decide',
  async act(request) {
    await refuseForgetting(request.service.lake.effects, request.params.request ?? '', wordOf(request));
    return `${privacyAt}?done=refused`;
  },
};

const access: Action = {
  path: `${privacyAt}/access`,
  permission: 'privacy.access',
  async act(request) {
    const { effects } = request.service.lake;
    const data = await accessPerson(effects, subjectOf(request), wordOf(request));
    // Its name says nothing of whom it is about.
    const name = `access-${newRunId(effects.clock.now())}.zip`;
    return { name, type: 'application/zip', bytes: zipOf(accessMembers(data)) };
  },
};

const adoptPreview: Action = {
  path: `${privacyAt}/adopt/preview`,
  permission: 'privacy.decide',
  async act(request) {
    const found = await previewAdoption(request.service.lake.effects, request.form.dataset ?? '');
    return adoptionPreview(request, found);
  },
};

const adopt: Action = {
  path: `${privacyAt}/adopt`,
  permission: 'privacy.decide',
  async act(request) {
    const { form, service } = request;
    const dataset = form.dataset ?? '';
    const state = await adoptionsOf(service).adopt({
      ...{ ...wordOf(request), dataset },
      acceptLosses: form.losses === 'yes',
      discardUnreadable: form.discard === 'yes',
    });
    if (state.kind === 'failed') throw state.error;
    return `${privacyAt}?done=${state.kind === 'ended' && state.adopted.record !== null ? 'adopted' : 'adopting'}`;
  },
};

const verify: Action = {
  path: `${privacyAt}/verify`,
  permission: 'privacy.decide',
  async act({ form, identity, service }) {
    const values = valuesOf(form.values ?? '', 'What you wrote');
    await lookingOf(service).look({ values, by: identity.name });
    return `${privacyAt}#values`;
  },
};

/** What the forms of the Privacy page do. */
export const PRIVACY_ACTIONS: readonly Action[] = [
  preview,
  ask,
  approve,
  refuse,
  access,
  adoptPreview,
  adopt,
  verify,
];
