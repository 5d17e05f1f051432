// Who may do what, and the list to choose a person from: found by post, by department and by number.

import { POSTS } from './words.js';

export const postNames = (posts) => posts.map((post) => POSTS[post] ?? post).join('、');

// The posts of which the person at work would need one for a command, [] if they hold one.
export function lacks(type, shift, reference) {
  const may = reference.posts[type] ?? [];
  return may.some((post) => shift.posts.includes(post)) ? [] : may;
}

export function postFor(type, shift, reference) {
  const may = reference.posts[type] ?? [];
  return may.includes(shift.post) ? shift.post : shift.posts.find((post) => may.includes(post)) ?? shift.post;
}

// `wanted`: posts (one of them is needed; none: anybody), first (who comes first of all: of one's own window),
// dept (whose people come first), not (people it may not be).
export function people(reference, { posts = [], first = null, dept = null, not = [] } = {}) {
  const able = (each) => !posts.length || each.posts.some((post) => posts.includes(post));
  const name = (id) => reference.depts.find((each) => each.id === id)?.name;
  return (reference.staff ?? []).filter((each) => able(each) && !not.includes(each.id)).map((each) => ({
    id: each.id, name: each.id, near: each.id === first ? -1 : (each.centre ? 0 : 2) + (dept && each.dept === dept ? 0 : 1),
    words: [...each.posts.map((post) => POSTS[post] ?? post), each.dept, name(each.dept)].filter(Boolean),
    more: [!each.centre && '市级', each.dept, postNames(each.posts)].filter(Boolean).join(' · '),
  }));
}
