// Asks the API what its forms say, as the person who looks, and shows what is answered.
const MOST_CHARACTERS = 100_000;

function requestOf(form) {
  const query = new URLSearchParams();
  const headers = {};
  let [path, body] = [form.getAttribute('action'), undefined];
  for (const field of form.querySelectorAll('[data-in]')) {
    const { value, name } = field;
    if (field.dataset.in === 'body') body = value;
    else if (field.dataset.in === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== '' && field.dataset.in === 'header') headers[name] = value;
    else if (value !== '') query.set(name, value);
  }
  const { method, csrf } = form.dataset;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf ?? '';
  const address = query.size === 0 ? path : `${path}?${query}`;
  return { address, options: { method, headers, ...(body === undefined ? {} : { body }) } };
}

async function textOf(answer) {
  const type = answer.headers.get('Content-Type') ?? '';
  if (!/json|text|ndjson/.test(type)) return `${type}: ${(await answer.blob()).size} bytes`;
  const text = await answer.text();
  const shown = /^application\/(problem\+)?json/.test(type)
    ? JSON.stringify(JSON.parse(text), null, 2)
    : text;
  return shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS)}\n…` : shown;
}

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form.try');
  if (form === null) return;
  event.preventDefault();
  const output = form.querySelector('output');
  const { address, options } = requestOf(form);
  const began = performance.now();
  let text;
  try {
    const answer = await fetch(address, options);
    const body = await textOf(answer);
    const ms = Math.round(performance.now() - began);
    const etag = answer.headers.get('ETag');
    text = `${options.method} ${address}\n${answer.status} in ${ms} ms${etag === null ? '' : `, ETag ${etag}`}\n\n${body}`;
  } catch (error) {
    text = `${options.method} ${address}\nNothing was answered: ${error.message}`;
  }
  const pre = document.createElement('pre');
  pre.tabIndex = 0;
  pre.textContent = text;
  output.replaceChildren(pre);
});
