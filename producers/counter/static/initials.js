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

// 0: does not fit; the higher the better it fits.
export function fits(text, code, typed) {
  const asked = typed.trim().toLowerCase();
  if (!asked) return 1;
  const letters = initials(text);
  if (text.toLowerCase().startsWith(asked) || letters.startsWith(asked)) return 4;
  if (text.toLowerCase().includes(asked)) return 3;
  if (letters.includes(asked)) return 2;
  return code.toLowerCase().includes(asked) ? 1 : 0;
}
