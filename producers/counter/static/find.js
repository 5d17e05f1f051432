// 查办件: a number, or a part of it; what is not found is said beside the box.

import { $, el, fill } from './dom.js';

// `look(text)` gives how many were found.
export function findForm(before, look) {
  const input = el('input', { name: 'q', id: 'q', autocomplete: 'off', maxlength: 50, value: before, 'aria-describedby': 'not-found' });
  const none = el('p', { class: 'wrong', id: 'not-found', role: 'alert' });
  const form = el('form', { class: 'panel narrow' }, el('h1', {}, '查办件'),
    el('div', { class: 'field' }, el('label', { for: 'q' }, '办件编号'), input, el('small', {}, '开头或末尾几位')), none,
    el('p', { class: 'buttons' }, el('button', {}, '查找 ', el('kbd', {}, 'Enter'))));
  const clear = () => { none.textContent = ''; };
  input.addEventListener('input', clear);
  input.addEventListener('focus', () => input.select());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    clear();
    const text = input.value.trim();
    if (!text) return;
    const n = await look(text);
    if (n === 0 && form.isConnected) { none.textContent = `没有查到「${text}」。`; input.select(); }
  });
  fill($('stage'), form);
  input.focus();
}
