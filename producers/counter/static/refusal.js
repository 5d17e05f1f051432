// A refusal: the ledger's sentence in Chinese, and what would be legal as buttons.

import { el } from './dom.js';
import { BUILD } from './forms.js';
import { ACTIONS, POSTS, sentence } from './words.js';

// `does`: {open(type), shift(), resend(changes), edit(), again(), drop()}; each also takes the item away.
export function refusal(item, does) {
  const { code, message, legal, where } = item.trouble;
  const ways = [];
  if (code === 'E_STATE') ways.push(...legal.filter((type) => type in BUILD).map((type) => [`改办「${ACTIONS[type]}」`, () => does.open(type)]));
  if (code === 'E_AUTH' || code === 'E_SOD') {
    const posts = legal.map((post) => POSTS[post]).filter(Boolean).join('、');
    ways.push([posts ? `换班（须「${posts}」岗）` : '换班，由另一个人办', does.shift]);
  }
  if (code === 'E_DEPENDENT') ways.push([`连同依赖它的 ${legal.length} 条一并作废`, () => does.resend({ cascade: legal })]);
  ways.push(['修改后重报', does.edit], ['原样重报', does.again], ['撤下不报', does.drop]);
  const buttons = ways.map(([words, act], n) => el('button', { type: 'button', class: n ? 'plain' : 'go', onclick: act }, `${words} `, el('kbd', {}, String(n + 1))));
  const node = el('section', { class: 'refusal', role: 'alert', id: 'refusal', 'data-code': code },
    el('h2', {}, `✕ 台账没有接受这次「${ACTIONS[item.type] ?? item.type}」`), el('p', {}, sentence(item.trouble)),
    el('p', { class: 'hint' }, `${code} · ${message}${where ? ` · ${where}` : ''}`), el('p', { class: 'buttons' }, ...buttons));
  node.addEventListener('keydown', (event) => {
    const button = buttons[Number(event.key) - 1];
    if (button) { event.preventDefault(); button.click(); }
  });
  return node;
}
