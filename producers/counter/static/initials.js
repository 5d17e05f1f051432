// 拼音首字母: the browser's own collation puts 汉字 in the order of their sound; the first
// character of each letter tells the letters apart. One reading a character.

const LETTERS = 'ABCDEFGHJKLMNOPQRSTWXYZ';
const FIRST = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨它穵夕丫帀';
const order = new Intl.Collator('zh-Hans-CN-u-co-pinyin');
const known = new Map();

function letter(char) {
  if (!/\p{Script=Han}/u.test(char)) return /[a-z0-9]/i.test(char) ? char.toLowerCase() : '';
  for (let n = LETTERS.length - 1; n >= 0; n -= 1) {
    if (order.compare(char, FIRST[n]) >= 0) return LETTERS[n].toLowerCase();
  }
  return '';
}

export function initials(text) {
  let made = known.get(text);
  if (made === undefined) {
    made = [...text].map(letter).join('');
    known.set(text, made);
  }
  return made;
}

export const EXACT = 6;
export const LAST_RESORT = 1; // The letters are there in their order, others between them: 低保, db → 最低生活保障.

function inOrder(text, asked) {
  let at = 0;
  for (const char of text) if (char === asked[at]) at += 1;
  return asked.length > 1 && at === asked.length;
}

function rank(text, asked) {
  const letters = initials(text), low = text.toLowerCase();
  if (low === asked) return EXACT;
  if (low.startsWith(asked) || letters.startsWith(asked)) return 5;
  if (low.includes(asked)) return 4;
  if (letters.includes(asked)) return 3;
  return inOrder(low, asked) || inOrder(letters, asked) ? LAST_RESORT : 0;
}

function ofCode(code, asked) {
  if (code.toLowerCase() === asked) return EXACT;
  return code.toLowerCase().includes(asked) ? 2 : 0;
}

// How well words and a code fit what was typed, 0: not at all. Of several words typed each has to fit.
export function fits(words, code, typed) {
  const parts = typed.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return Math.min(EXACT, ...parts.map((asked) => Math.max(ofCode(code, asked), ...words.map((word) => rank(word, asked)))));
}
