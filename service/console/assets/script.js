// Times are shown in UTC; the reader's own stands on hover. All pages read the same without this.
function prepare(root) {
  for (const time of root.querySelectorAll('time')) {
    time.title = new Date(time.dateTime).toLocaleString(undefined, { timeZoneName: 'short' });
  }
  for (const text of root.querySelectorAll('details > pre')) {
    if (text.nextElementSibling === null && navigator.clipboard) text.after(copyButton(text));
  }
}

/** A button that copies a text; browsers let only secure pages, and those of this machine, do so. */
function copyButton(text) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'plain copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = 'Copied';
  });
  return button;
}
prepare(document);
// Ctrl+Enter, or Cmd+Enter, asks.
document.addEventListener('keydown', (event) => {
  const isAsked = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
  if (isAsked) event.target.closest?.('form.sql')?.requestSubmit();
});

// What decides something takes a while: its form says so, and is not sent twice.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  form.dataset.sent = '';
  // Disabled at once, the button that was pressed would not be sent.
  setTimeout(() => {
    for (const button of form.querySelectorAll('button')) button.disabled = true;
  });
  setTimeout(() => {
    const said = document.createElement('p');
    said.className = 'soft working';
    said.setAttribute('role', 'status');
    said.textContent = 'It is being done: the page says what came of it when it is over.';
    form.append(said);
  }, 700);
});
// Back from the next page by the browser's history.
window.addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button')) button.disabled = false;
    for (const said of form.querySelectorAll('.working')) said.remove();
  }
});

// A page of what is under way is asked for again after events, or from time to time where there are none, and its content
// is exchanged. Only while somebody looks: browsers open few connections to a host.
const SLOWLY_MS = 30_000;
let [source, timer, isAsking, hasChanged, etag] = [undefined, undefined, false, false, undefined];

let [askedMs, pending] = [0, undefined];

const main = () => document.querySelector('main');
const isLive = () => main().dataset.events !== undefined || main().dataset.seconds !== undefined;

async function askAgain() {
  hasChanged = true;
  if (isAsking || isBusy()) return;
  [isAsking, hasChanged, askedMs] = [true, false, Date.now()];
  try {
    const headers = etag === undefined ? {} : { 'If-None-Match': etag };
    const answer = await fetch(location.href, { headers, redirect: 'error', cache: 'no-store' });
    if (!answer.ok) return;
    etag = answer.headers.get('ETag') ?? undefined;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (isBusy()) return;
    exchange(page);
  } catch {
    // The service has ended, or nobody is signed in any more: the page stays as it is.
  } finally {
    isAsking = false;
  }
  if (hasChanged) soon();
}

/** Asks again, but not more often than once a second: a run tells more than anybody can read. */
function soon() {
  clearTimeout(pending);
  pending = setTimeout(askAgain, Math.max(0, askedMs + 1000 - Date.now()));
}

/** The parts of a page that are exchanged, by their ids, where it names some: the rest stays as it is. */
const partsOf = (page) => [...page.querySelectorAll('[data-live]')];

/** Whether somebody types or has chosen something, which must not be taken from them. */
function isBusy() {
  if (partsOf(document).length > 0) return false;
  const typed = [...main().querySelectorAll('input:not([type=hidden]), textarea, select')].some(
    (field) => field === document.activeElement || field.value !== (field.defaultValue ?? field.value),
  );
  return typed || !document.getSelection().isCollapsed;
}

function exchange(page) {
  const [old, fresh] = [main(), page.querySelector('main')];
  if (fresh === null) return;
  document.title = page.title;
  const { events, seconds } = old.dataset;
  const parts = partsOf(document);
  if (parts.length > 0 && parts.every(({ id }) => page.getElementById(id) !== null)) {
    for (const part of parts) part.replaceWith(document.adoptNode(page.getElementById(part.id)));
    for (const name of ['events', 'seconds']) {
      if (fresh.dataset[name] === undefined) delete old.dataset[name];
      else old.dataset[name] = fresh.dataset[name];
    }
    prepare(old);
    document.dispatchEvent(new Event('exchanged'));
    followAnew(events, seconds);
    return;
  }
  const focused = document.activeElement?.getAttribute?.('href');
  old.replaceWith(document.adoptNode(fresh));
  prepare(fresh);
  if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  followAnew(events, seconds);
}

/** Follows what the page names now, unless it is what it named before and is followed. */
function followAnew(events, seconds) {
  const now = main().dataset;
  const isFollowed = events !== undefined && source?.readyState !== EventSource.CLOSED;
  if (now.events !== events || (now.seconds !== seconds && !isFollowed)) follow();
}

function follow() {
  source?.close();
  clearInterval(timer);
  source = undefined;
  if (document.hidden || !isLive()) return;
  const { events, seconds } = main().dataset;
  timer = setInterval(askAgain, events === undefined ? Number(seconds) * 1000 : SLOWLY_MS);
  if (events === undefined) return;
  source = new EventSource(events);
  source.addEventListener('change', soon);
  source.addEventListener('reset', soon);
  source.addEventListener('end', () => {
    source.close();
    askAgain();
  });
  source.addEventListener('error', () => {
    if (source.readyState !== EventSource.CLOSED) return;
    // Where events can't be had, the page is asked for more often.
    clearInterval(timer);
    timer = setInterval(askAgain, Number(seconds ?? 30) * 1000);
  });
}

document.addEventListener('visibilitychange', () => {
  follow();
  if (!document.hidden && isLive()) askAgain();
});
if (isLive()) follow();
