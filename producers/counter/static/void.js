// 作废: which fact, why, and the second person, chosen from those who may approve it.

import { el } from './dom.js';
import { field, select } from './fields.js';
import { people } from './people.js';
import { pick } from './pick.js';
import { VOIDS } from './words.js';

// `targets`: {id, words, staff} with who entered the fact; neither they nor the corrector may approve.
export function voidForm({ targets, shift, reference, was }) {
  const target = select('target', Object.fromEntries(targets.map((each) => [each.id, each.words])), was.target);
  const able = () => people(reference, { posts: ['correct_approver'], not: [shift.staff, targets.find((each) => each.id === target.value)?.staff] });
  const approver = pick({ name: 'approved_by', options: able(), value: was.approved_by, placeholder: '↓ 列出有「更正审批」岗的人', eager: true });
  target.addEventListener('change', () => approver.offer(able()));
  return {
    nodes: [field('作废哪一条', target), field('缘由', select('reason_code', VOIDS, was.reason_code)),
      field('审批人', approver, able().length ? '有「更正审批」岗的人；申请人和当初录入的人不在其中' : '本中心和市里没有人能审批这一条'),
      el('p', { class: 'hint' }, `申请人：${shift.staff}。更正要两个人。`)],
    need: () => (approver.hidden.value ? null : [approver.input, '请从名单里选审批人。']),
    data: (data) => ({ ...data, requested_by: shift.staff, ...(was.cascade && { cascade: was.cascade }) }),
  };
}
