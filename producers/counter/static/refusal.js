// A refusal: the ledger's sentence in Chinese, and what would be legal as buttons.

import { el } from './dom.js';
import { BUILD } from './forms.js';
import { postNames } from './people.js';
import { ACTIONS, sentence } from './words.js';

// The field of the form that a refusal is about, as far as it says so.
export function wrongField({ raw, trouble: { code, message } }) {
  const { data } = JSON.parse(raw);
  if (code === 'E_AUTH' && /correct_approver/.test(message)) return 'approved_by';
  if (code === 'E_SOD' && (/approved_by/.test(message) || (data.approved_by && message.startsWith(`${data.approved_by} entered`)))) return 'approved_by';
  return code === 'E_FIELD' ? /\b(reason_code|approved_by|[a-z]+_[a-z_]+)\b/.exec(message)?.[1] : undefined;
}

// Who could do it instead, as `people` takes it; null if another person is no help.
export function wanted(item, reference) {
  const { code, legal } = item.trouble;
  if (!['E_AUTH', 'E_SOD'].includes(code) || wrongField(item)) return null;
  const { staff } = JSON.parse(item.raw).actor;
  return { posts: legal.length && code === 'E_AUTH' ? legal : reference.posts[item.type] ?? [], not: [staff] };
}

// `does`: {open(type), shift(wanted), resend(changes), edit(), again(), drop()}; each also takes the item away.
export function refusal(item, reference, say, does) {
  const { code, message, legal, where } = item.trouble;
  const ways = [], other = wanted(item, reference);
  const offered = (type) => type in BUILD && (type !== 'case.correct_material' || code === 'E_FIELD'); // Only where a material is missing.
  if (['E_STATE', 'E_FIELD'].includes(code)) ways.push(...legal.filter(offered).map((type) => [`改办「${ACTIONS[type]}」`, () => does.open(type)]));
  if (other) ways.push([other.posts.length ? `换班（须「${postNames(other.posts)}」岗）` : '换班，由另一个人办', () => does.shift(other)]);
  if (code === 'E_DEPENDENT') ways.push([`连同依赖它的 ${legal.length} 条一并作废`, () => does.resend({ cascade: legal })]);
  ways.push(['修改后重报', does.edit], ['原样重报', does.again], ['撤下不报', does.drop]);
  const buttons = ways.map(([words, act], n) => el('button', { type: 'button', class: n ? 'plain' : 'go', onclick: act }, `${words} `, el('kbd', {}, String(n + 1))));
  const node = el('section', { class: 'refusal', role: 'alert', id: 'refusal', 'data-code': code },
    el('h2', {}, `✕ 台账没有接受这次「${ACTIONS[item.type] ?? item.type}」`), el('p', {}, say(sentence(item.trouble))),
    el('p', { class: 'buttons' }, ...buttons), el('p', { class: 'original', lang: 'en' }, `${code} · ${message}${where ? ` · ${where}` : ''}`));
  node.addEventListener('keydown', (event) => {
    const button = buttons[Number(event.key) - 1];
    if (button) { event.preventDefault(); button.click(); }
  });
  return node;
}
