// The fields that forms are made of.

import { el } from './dom.js';

let count = 0;
export function field(label, control, hint) {
  const id = control.input ? control.id : `f${count += 1}`;
  const node = control.input ? control.node : control;
  if (!control.input) control.id = id;
  return el('div', { class: 'field' }, el('label', { for: id }, label), node, hint && el('small', {}, hint));
}
// A checklist: Tab and Space; `chosen()` gives the ids that are ticked. With `all` the first box ticks them all.
export function checks(legend, options, ticked = [], all = '') {
  const boxes = options.map((each) => el('input', { type: 'checkbox', id: `f${count += 1}`, value: each.id }));
  boxes.forEach((box) => { box.checked = ticked.includes(box.value); });
  const every = all && el('input', { type: 'checkbox', id: `f${count += 1}`, onchange: () => boxes.forEach((box) => { box.checked = every.checked; }) });
  const row = (box, words) => el('div', { class: 'check' }, box, el('label', { for: box.id }, words));
  const node = el('fieldset', {}, el('legend', {}, legend), every && row(every, el('b', {}, all)), ...boxes.map((box, n) => row(box, options[n].words)));
  return { node, chosen: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}
export const text = (name, value, more = {}) => el('input', { name, value: value ?? '', autocomplete: 'off', maxlength: 50, ...more });
export function select(name, words, value) {
  const node = el('select', { name }, ...Object.entries(words).map(([key, word]) => el('option', { value: key }, word)));
  if (value !== undefined && value !== null) node.value = String(value);
  return node;
}
