/** Keys of incidents. They are made in this folder and nowhere else. */

export const OPEN_INCIDENTS = 'ops/incidents/open/';
export const CLOSED_INCIDENTS = 'ops/incidents/closed/';

/** Key of the open incident of one kind about one thing, of which there is one at most; `about` is hexadecimal. */
export const openIncidentKey = (about: string): string => `${OPEN_INCIDENTS}${about}.json`;

/** Key of an incident that is over; ids begin with when it was opened, so that keys sort by that. */
export const closedIncidentKey = (id: string): string => `${CLOSED_INCIDENTS}${id}.json`;

/** Says which enforcer looks for incidents, and until when. */
export const SIGNALS_LEASE = 'ops/incidents/lease.json';

/** Under it each enforcer that runs says how it does. */
export const ENFORCERS_PREFIX = 'ops/streams/enforcers/';

/** Where an enforcer says how it does; its name is a UUID. */
export const enforcerKey = (holder: string): string => `${ENFORCERS_PREFIX}${holder}.json`;
