// A button for a command: filled is the next step, outlined what may be done too, with a broken border what another post
// may do, grey what is not due.

import { el } from './dom.js';
import { lacks } from './people.js';
import { ACTIONS, POSTS } from './words.js';

const SHOWN = 2; // Posts that a button names; its title names them all.

const needs = (posts, most = posts.length) => `须${posts.slice(0, most).map((post) => POSTS[post] ?? post).join('/')}${posts.length > most ? '等' : ''}岗`;

export function button(type, key, { shift, reference, timely, next = false, start }) {
  const posts = lacks(type, shift, reference);
  const look = !timely ? 'dim' : posts.length ? (next ? 'other next' : 'other') : next ? '' : 'plain';
  const hint = [!timely && '现在的状态还不能办', posts.length && `${needs(posts)}${timely ? '，按下先换班' : ''}`].filter(Boolean).join('；');
  return el('button', { type: 'button', 'data-type': type, class: look, title: hint || null, onclick: () => start(type) },
    `${ACTIONS[type]} `, el('kbd', {}, key), timely && posts.length > 0 && el('small', {}, needs(posts, SHOWN)));
}
