// Top and foot of the page: who is on duty, the line, what waits, and the keys.

import { $, el, fill } from './dom.js';
import { FORMS } from './forms.js';
import { lacks, postNames } from './people.js';
import { ACTIONS, POSTS, sentence, windowName } from './words.js';

const MORE = [['F3', '查办件'], ['Alt+W', '列表'], ['Alt+Q', '待上报'], ['Alt+H', '大厅'], ['Alt+N', '差评'], ['Alt+S', '换班']];

export function lamp(up) {
  $('lamp').textContent = up ? '● 已连通' : '◌ 线路中断，可照常办理，恢复后补报';
  $('lamp').classList.toggle('down', !up);
}

function key(keys, words, posts = []) { // A broken border: another post may do it.
  const hint = posts.length ? `须「${postNames(posts)}」岗，按下先换班` : null;
  return el('span', { class: hint ? 'other' : '', title: hint }, el('kbd', {}, keys), ` ${words}`);
}

export function bars(shift, reference) {
  const window_ = reference.windows.find((each) => each.id === shift.window);
  const centre = reference.centres.find((each) => each.id === shift.centre);
  $('shift').textContent = [centre?.name, window_ ? `${window_.no} 号 ${windowName(window_.kind)}` : '后台', shift.staff, `${POSTS[shift.post] ?? ''}岗`].join(' · ');
  $('change').hidden = false;
  $('work').hidden = false;
  fill($('keys'), ...FORMS.map(([type, keys]) => key(keys, ACTIONS[type], lacks(type, shift, reference))), ...MORE.map(([keys, words]) => key(keys, words)));
}

export function waitingBar(items) {
  const back = items.filter((item) => item.trouble).length;
  $('outbox').hidden = !items.length;
  $('outbox').classList.toggle('bad', back > 0);
  $('waiting').textContent = `待上报 ${items.length} 件${back ? `，退回 ${back} 件` : ''}`;
}

export function outboxList(items, source, say, open) {
  const standing = (item) => (item.trouble ? `退回：${say(sentence(item.trouble))}` : item.source === source ? '待上报' : `属于来源 ${item.source}，请用它的密钥登录`);
  const rows = items.map((item) => el('button', { type: 'button', onclick: () => open(item) },
    el('b', {}, ACTIONS[item.type]), ` ${[item.about, item.at.slice(5, 16).replace('T', ' '), standing(item)].filter(Boolean).join(' · ')}`));
  fill($('stage'), el('div', { class: 'panel list' }, el('h1', {}, '待上报'), el('p', { class: 'hint' }, '按先后上报；同一办件被退回时，它后面的等您处理。'),
    ...(rows.length ? rows : [el('p', {}, '没有待上报的。')])));
  rows[0]?.focus();
}
