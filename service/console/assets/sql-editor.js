// Completes the names of tables and columns in the SQL editor: by itself while a name is written, and by Ctrl+Space. The
// names are those that the page lists. Without this, the editor is the field that it is.
const editor = document.getElementById('sql');
const MOST = 12;

const tables = [...document.querySelectorAll('dl.tables dt')].map((term) => {
  const columns = [...(term.nextElementSibling?.querySelectorAll('code') ?? [])];
  return {
    name: term.textContent.trim(),
    columns: columns.map((code) => ({ name: code.textContent.trim(), what: code.title })),
  };
});

const list = document.createElement('ul');
list.id = 'names';
list.className = 'names';
list.setAttribute('role', 'listbox');
list.setAttribute('aria-label', 'Names that fit');
list.hidden = true;
editor.after(list);
for (const [name, value] of Object.entries({
  role: 'combobox',
  'aria-autocomplete': 'list',
  'aria-controls': 'names',
  'aria-expanded': 'false',
  'aria-haspopup': 'listbox',
}))
  editor.setAttribute(name, value);

let [shown, chosen] = [[], 0];

/** What is written before the cursor as far as it may be a name: `gold.sp`, `am`. */
function begun() {
  const before = editor.value.slice(0, editor.selectionStart);
  return /[\w.]*$/.exec(before)?.[0] ?? '';
}

/** The tables that the text names, also under another name: `FROM gold.a AS b` knows both. */
function named() {
  const words = editor.value.toLowerCase();
  return tables.flatMap((table) => {
    const at = words.indexOf(table.name.toLowerCase());
    if (at < 0) return [];
    const rest = words.slice(at + table.name.length);
    const alias = /^"?\s+(?:as\s+)?([a-z_]\w*)/.exec(rest)?.[1];
    return [{ ...table, alias }];
  });
}

function candidates(word) {
  const lower = word.toLowerCase();
  const [, owner, part] = /^(\w+)\.(\w*)$/.exec(lower) ?? [];
  const here = named();
  const own = owner === undefined ? [] : here.filter(({ alias }) => alias === owner);
  if (own.length > 0)
    return own.flatMap(({ columns }) =>
      columns
        .filter(({ name }) => name.toLowerCase().startsWith(part))
        .map(({ name, what }) => ({
          text: `${word.slice(0, owner.length + 1)}${name}`,
          name,
          what,
        })),
    );
  const columns = here.flatMap(({ columns }) => columns);
  const inScope = columns.map(({ name, what }) => ({ text: name, name, what }));
  const all = tables.map(({ name }) => ({ text: name, name, what: 'table' }));
  const fits = ({ name }) => name.toLowerCase().startsWith(lower) || name.toLowerCase().includes(`_${lower}`);
  const found = lower === '' ? [...inScope, ...all] : [...inScope, ...all].filter(fits);
  return found.filter(({ text }, n) => text !== word && found.findIndex((one) => one.text === text) === n);
}

function show(isAsked) {
  const word = begun();
  shown = word === '' && !isAsked ? [] : candidates(word).slice(0, MOST);
  chosen = 0;
  draw();
}

function draw() {
  list.replaceChildren(
    ...shown.map(({ name, what }, n) => {
      const item = document.createElement('li');
      item.id = `name-${n}`;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', String(n === chosen));
      const code = document.createElement('code');
      code.textContent = name;
      const note = document.createElement('span');
      note.textContent = what;
      item.append(code, ' ', note);
      item.addEventListener('mousedown', (event) => {
        event.preventDefault();
        chosen = n;
        take();
      });
      return item;
    }),
  );
  list.hidden = shown.length === 0;
  editor.setAttribute('aria-expanded', String(!list.hidden));
  if (list.hidden) editor.removeAttribute('aria-activedescendant');
  else editor.setAttribute('aria-activedescendant', `name-${chosen}`);
  list.children[chosen]?.scrollIntoView({ block: 'nearest' });
}

function take() {
  const { text } = shown[chosen];
  const end = editor.selectionStart;
  editor.setRangeText(text, end - begun().length, end, 'end');
  hide();
}

function hide() {
  shown = [];
  draw();
}

editor.addEventListener('input', () => show(false));
editor.addEventListener('blur', hide);
editor.addEventListener('keydown', (event) => {
  if (event.key === ' ' && event.ctrlKey) {
    event.preventDefault();
    show(true);
    return;
  }
  if (list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    chosen = (chosen + step + shown.length) % shown.length;
    draw();
  } else if (event.key === 'Tab' || event.key === 'Enter') {
    event.preventDefault();
    take();
  } else if (event.key === 'Escape') {
    event.preventDefault();
    hide();
  } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') hide();
});

/** Where the SQL is wrong, the cursor stands there. */
function showPlace() {
  const { line, column } = document.querySelector('.failed[data-line]')?.dataset ?? {};
  if (line === undefined) return;
  const before = editor.value.split('\n').slice(0, Number(line) - 1);
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + Number(column) - 1;
  editor.focus();
  editor.setSelectionRange(at, at + (/^\w+|^./.exec(editor.value.slice(at))?.[0].length ?? 0));
}
showPlace();
document.addEventListener('exchanged', showPlace);
