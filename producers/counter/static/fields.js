// The fields that forms are made of.

import { el } from './dom.js';

let count = 0;
export function field(label, control, hint) {
  const id = control.input ? control.id : `f${count += 1}`;
  const node = control.input ? control.node : control;
  if (!control.input) control.id = id;
  return el('div', { class: 'field' }, el('label', { for: id }, label), node, hint && el('small', {}, hint));
}
export const text = (name, value, more = {}) => el('input', { name, value: value ?? '', autocomplete: 'off', maxlength: 50, ...more });
export function select(name, words, value) {
  const node = el('select', { name }, ...Object.entries(words).map(([key, word]) => el('option', { value: key }, word)));
  if (value !== undefined && value !== null) node.value = String(value);
  return node;
}
