// The work list: what waits for somebody here; ↑ ↓ and Enter.

import { $, el, fill } from './dom.js';

const LISTS = [['found', '查到'], ['due', '一天内到期'], ['sign', '待本部门签收'], ['held', '本部门在审'], ['issue', '待出件办结'], ['conclude', '待办结'], ['end', '待终止'], ['window', '本窗口在办']];

function row(each, now, states, open, current) {
  const over = each.due && each.due < now && !each.concluded;
  const mark = over ? '逾期' : each.due ? `${each.due.slice(5, 10)} 到期` : '';
  return el('button', { type: 'button', 'data-case': each.case, 'aria-current': each.case === current, onclick: () => open(each.case, each.case_no) },
    el('b', {}, each.item_name || each.item || each.case), el('span', { class: 'state' }, states[each.status] + (each.concluded ? '·办结' : '')),
    el('small', {}, each.case_no), el('small', { class: over ? 'over' : '' }, mark));
}

export function showWork(found, states, open, current) {
  const focused = document.activeElement?.dataset?.case;
  const parts = LISTS.filter(([name]) => name !== 'found' || found.found.n > 0).map(([name, title]) => {
    const list = found[name];
    return el('section', { 'data-list': name }, el('h2', {}, title, el('span', {}, String(list.n))),
      ...list.rows.map((each) => row(each, found.now, states, open, current)),
      list.n > list.rows.length && el('p', {}, `只列出前 ${list.rows.length} 件`));
  });
  const nav = $('work');
  const top = nav.scrollTop;
  fill(nav, el('p', { class: 'hint' }, '工作列表 ', el('kbd', {}, 'Alt+W'), ' ↑↓ Enter'), ...parts);
  nav.scrollTop = top;
  if (focused) nav.querySelector(`[data-case="${CSS.escape(focused)}"]`)?.focus();
}

$('work').addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const rows = [...$('work').querySelectorAll('button')];
  const next = rows[rows.indexOf(document.activeElement) + step];
  if (next) { event.preventDefault(); next.focus(); }
});
