// Status as shape, word and colour: never colour alone.

import { el, say, set, word } from './dom.js';
import { STATUS } from './words.js';

export const badge = () => {
  const mark = word('i'), name = word('span'), since = word('span', { class: 'since' });
  return { box: el('span', { class: 'badge' }, mark, name, since), mark, name, since };
};
export function paintBadge(part, status, name = STATUS[status][1], since = '') {
  say(part.mark, STATUS[status][0]);
  say(part.name, name);
  say(part.since, since);
  set(part.box, 'class', `badge ${STATUS[status][2]}`);
}

export const statusOf = (fresh, level, on, all, business) => {
  if (level === 2 && (fresh === 'live' || fresh === 'late')) return 'bad'; // Red is not hidden by 5 s.
  if (fresh !== 'live') return fresh;
  if (level === 1) return 'warn';
  if (all && on < all) return 'part';
  return business ? 'ok' : 'none';
};
