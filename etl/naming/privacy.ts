/** Keys of what concerns personal data. They are made in this folder and nowhere else. */

/** The log of erasures, one document each: what a restored vault must not serve any more. */
export const ERASURES_PREFIX = 'ops/erasures/';

export const erasureKey = (id: string): string => `${ERASURES_PREFIX}${id}.json`;

/** The id of the erasure that a key of the log holds. */
export const erasureIdOf = (key: string): string => key.slice(ERASURES_PREFIX.length, -'.json'.length);

/** The older part of the log in one document, so that opening a vault need not read each of them. */
export const FOLDED_ERASURES_PREFIX = 'ops/erasures-folded/';

/** A part of the log up to an erasure, that one included. */
export const foldedErasuresKey = (lastId: string): string => `${FOLDED_ERASURES_PREFIX}${lastId}.json`;

/** What people asked to be forgotten, until it is. */
export const FORGET_REQUESTS_PREFIX = 'ops/privacy/requests/';

export const forgetRequestKey = (id: string): string => `${FORGET_REQUESTS_PREFIX}${id}.json`;

/** What became of requests: a certificate each, or a refusal. */
export const FORGET_ENDS_PREFIX = 'ops/privacy/ends/';

export const forgetEndKey = (id: string): string => `${FORGET_ENDS_PREFIX}${id}.json`;

/** Approvals of requests whose keys are being destroyed: they are gone with the request. */
export const forgetApprovalKey = (id: string): string => `ops/privacy/approvals/${id}.json`;

/** Stands for a dataset in decisions that are about people, whatever datasets they are in. */
export const PRIVACY_DATASET = 'assay.privacy';

/** How many people a forgetting takes, and for how long it is remembered. */
export const PRIVACY_SETTINGS_KEY = 'ops/privacy/settings.json';

/** What adoptions removed, one document each. */
export const adoptionRecordKey = (dataset: string, runId: string): string =>
  `ops/privacy/adoptions/${dataset.replace('.', '/')}/${runId}.json`;

/** Values that were revealed: who saw how many, and why; one document a query. */
export const REVEALS_PREFIX = 'ops/reveals/';

export const revealKey = (id: string): string => `${REVEALS_PREFIX}${id}.json`;
