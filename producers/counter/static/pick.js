// A field that is searched: type, arrow keys, Enter. `options` are {id, name, more, words, near}: found by
// `words` (else by name) and by id; a smaller `near` stands first, but never before what fits exactly.

import { el, fill } from './dom.js';
import { EXACT, LAST_RESORT, fits } from './initials.js';

const SHOWN = 8;
let count = 0;

const group = (rank) => (rank >= EXACT ? 0 : rank > LAST_RESORT ? 1 : 2);

function search(options, typed) {
  const all = options.map((option) => ({ option, near: option.near ?? 0, rank: fits(option.words ?? [option.name], option.id, typed) })).filter((each) => each.rank > 0);
  return all.sort((a, b) => group(a.rank) - group(b.rank) || a.near - b.near || b.rank - a.rank).map((each) => each.option);
}

// `eager`: the list is open as soon as the empty field has the focus.
export function pick({ name, options: offered, value = '', changed = () => {}, placeholder = '拼音首字母、汉字或编码', eager = false }) {
  let options = offered;
  const id = `pick${count += 1}`;
  const hidden = el('input', { type: 'hidden', name });
  const input = el('input', {
    role: 'combobox', id, 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': `${id}-list`,
    autocomplete: 'off', spellcheck: 'false', placeholder,
  });
  const list = el('ul', { role: 'listbox', id: `${id}-list`, hidden: true });
  const more = el('li', { class: 'more', 'aria-hidden': 'true' });
  let found = [];
  let at = 0;

  function choose(option) {
    hidden.value = option?.id ?? '';
    if (option) input.value = option.name;
    close();
    changed(option ?? null);
  }
  function close() { list.hidden = true; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); }
  function show() {
    const all = search(options, input.value);
    found = all.slice(0, SHOWN);
    at = 0;
    fill(list, ...found.map((option, n) => el('li', {
      role: 'option', id: `${id}-${n}`, 'aria-selected': String(n === 0),
      onmousedown: (event) => { event.preventDefault(); choose(option); },
    }, el('b', {}, option.name), el('small', {}, option.more ?? option.id))));
    if (all.length > SHOWN) { more.textContent = `另有 ${all.length - SHOWN} 项，请多输入几个字`; list.append(more); }
    if (!all.length) list.append(el('li', { class: 'more' }, '没有符合的'));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    point();
  }
  function point() {
    [...list.querySelectorAll('[role=option]')].forEach((node, n) => node.setAttribute('aria-selected', String(n === at)));
    if (found.length) input.setAttribute('aria-activedescendant', `${id}-${at}`);
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  }

  input.addEventListener('input', () => { hidden.value = ''; changed(null); show(); });
  input.addEventListener('keydown', (event) => {
    const open = !list.hidden;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) { show(); return; }
      at = (at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % Math.max(found.length, 1);
      point();
    } else if (event.key === 'Enter' && open) {
      event.preventDefault(); // This Enter chooses; the next one sends the form.
      if (found.length) choose(found[at]);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault(); event.stopPropagation();
      close();
    }
  });
  input.addEventListener('blur', () => {
    if (!list.hidden && !hidden.value && input.value && found.length === 1) choose(found[0]);
    close();
  });
  if (eager) input.addEventListener('focus', () => { if (!input.value) show(); });
  const chosen = options.find((option) => option.id === value);
  if (chosen) { hidden.value = chosen.id; input.value = chosen.name; }
  function offer(others) { // Other options; what is chosen stays if it is among them.
    options = others;
    if (hidden.value && !options.some((option) => option.id === hidden.value)) { hidden.value = ''; input.value = ''; }
  }
  return { node: el('div', { class: 'pick' }, input, hidden, list), input, id, hidden, offer };
}
