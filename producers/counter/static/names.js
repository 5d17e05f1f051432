// Names in the place of codes, wherever the counter knows them.

import { FACTS } from './words.js';

export const centreName = (id, reference) => reference.centres.find((each) => each.id === id)?.name ?? id;
export const deptName = (id, reference) => reference.depts.find((each) => each.id === id)?.name ?? id;

export function windowNo(id, reference) {
  const known = reference.windows?.find((each) => each.id === id);
  return known ? `${known.no} 号` : id;
}

// A sentence with windows and centres by their names, and facts (`facts`: {id, type}) by theirs.
// A code is a whole word: `sanxing-10` is no part of the number of a person, `sanxing-10-c`.
export function named(sentence, reference, facts = []) {
  return sentence.replace(/([A-Za-z0-9][\w.-]*(?:\/[\w.@-]+)?)( 窗口)?/gu, (whole, code, word = '') => {
    const fact = facts.find((each) => each.id === code);
    if (fact) return `「${FACTS[fact.type] ?? fact.type}」`;
    if (reference.windows?.some((each) => each.id === code)) return `${windowNo(code, reference)}窗口`;
    return centreName(code, reference) + word;
  });
}
