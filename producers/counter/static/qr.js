// A QR code of a link (ISO/IEC 18004): bytes, level M, versions 1–9, drawn as SVG. No library.

// Version → [check words a block, then the data words of each block].
const BLOCKS = [
  [10, [16]], [16, [28]], [26, [44]], [18, [32, 32]], [24, [43, 43]], [16, [27, 27, 27, 27]],
  [18, [31, 31, 31, 31]], [22, [38, 38, 39, 39]], [22, [36, 36, 36, 37, 37]],
];
const ALIGN = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46]];

function times(x, y) { // In GF(256) with 0x11D.
  let z = 0;
  for (let bit = 7; bit >= 0; bit -= 1) z = ((z << 1) ^ ((z >>> 7) * 0x11d)) ^ (((y >>> bit) & 1) * x);
  return z & 255;
}

function divisor(degree) {
  const made = new Uint8Array(degree);
  made[degree - 1] = 1;
  let root = 1;
  for (let n = 0; n < degree; n += 1) {
    for (let k = 0; k < degree; k += 1) made[k] = times(made[k], root) ^ (made[k + 1] ?? 0);
    root = times(root, 2);
  }
  return made;
}

function checks(data, by) {
  const left = new Array(by.length).fill(0);
  for (const word of data) {
    const factor = word ^ left.shift();
    left.push(0);
    by.forEach((each, n) => { left[n] ^= times(each, factor); });
  }
  return left;
}

function words(bytes) {
  const version = BLOCKS.findIndex(([, sizes]) => sizes.reduce((a, b) => a + b) >= bytes.length + 2) + 1;
  if (!version) throw new RangeError('too long for a QR code');
  const [degree, sizes] = BLOCKS[version - 1];
  const room = sizes.reduce((a, b) => a + b);
  const bits = [];
  const add = (value, length) => { for (let n = length - 1; n >= 0; n -= 1) bits.push((value >>> n) & 1); };
  add(4, 4);
  add(bytes.length, 8);
  bytes.forEach((byte) => add(byte, 8));
  add(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let n = 0; n < bits.length; n += 8) data.push(bits.slice(n, n + 8).reduce((a, b) => a * 2 + b));
  for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);
  const by = divisor(degree);
  let at = 0;
  const blocks = sizes.map((size) => data.slice(at, (at += size)));
  const made = [];
  for (let n = 0; n < Math.max(...sizes); n += 1) for (const block of blocks) if (n < block.length) made.push(block[n]);
  const checked = blocks.map((block) => checks(block, by));
  for (let n = 0; n < degree; n += 1) for (const block of checked) made.push(block[n]);
  return { version, made };
}

function rest(value, bits, by) { // The remainder of BCH codes.
  let left = value;
  for (let n = 0; n < bits; n += 1) left = (left << 1) ^ ((left >>> (bits - 1)) * by);
  return left;
}

export function matrix(text) {
  const { version, made } = words([...new TextEncoder().encode(text)]);
  const size = version * 4 + 17;
  const dark = Array.from({ length: size }, () => new Array(size).fill(null));
  const set = (x, y, on) => { if (x >= 0 && y >= 0 && x < size && y < size) dark[y][x] = on; };
  for (let n = 0; n < size; n += 1) { set(6, n, n % 2 === 0); set(n, 6, n % 2 === 0); }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
    for (let dy = -4; dy <= 4; dy += 1) for (let dx = -4; dx <= 4; dx += 1) {
      const far = Math.max(Math.abs(dx), Math.abs(dy));
      set(cx + dx, cy + dy, far !== 2 && far !== 4);
    }
  }
  const places = ALIGN[version - 1];
  const last = places.length - 1;
  places.forEach((cx, i) => places.forEach((cy, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
    for (let dy = -2; dy <= 2; dy += 1) for (let dx = -2; dx <= 2; dx += 1) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }));
  const format = (rest(0, 10, 0x537) | 0) ^ 0x5412; // Level M is 00, mask 0.
  const bit = (value, n) => ((value >>> n) & 1) === 1;
  for (let n = 0; n <= 5; n += 1) set(8, n, bit(format, n));
  set(8, 7, bit(format, 6)); set(8, 8, bit(format, 7)); set(7, 8, bit(format, 8));
  for (let n = 9; n < 15; n += 1) set(14 - n, 8, bit(format, n));
  for (let n = 0; n < 8; n += 1) set(size - 1 - n, 8, bit(format, n));
  for (let n = 8; n < 15; n += 1) set(8, size - 15 + n, bit(format, n));
  set(8, size - 8, true);
  if (version >= 7) {
    const told = (version << 12) | rest(version, 12, 0x1f25);
    for (let n = 0; n < 18; n += 1) {
      const [a, b] = [size - 11 + (n % 3), Math.floor(n / 3)];
      set(a, b, bit(told, n)); set(b, a, bit(told, n));
    }
  }
  let n = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) for (let k = 0; k < 2; k += 1) {
      const x = right - k;
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      if (dark[y][x] !== null) continue;
      const on = n < made.length * 8 && bit(made[n >>> 3], 7 - (n & 7));
      n += 1;
      dark[y][x] = on !== ((x + y) % 2 === 0);
    }
  }
  return dark;
}

export function qr(text) {
  const dark = matrix(text);
  const size = dark.length + 8; // Four modules of quiet zone on each side.
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('class', 'qr');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', '评价二维码');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', dark.map((row, y) => row.map((on, x) => (on ? `M${x + 4} ${y + 4}h1v1h-1z` : '')).join('')).join(''));
  svg.append(path);
  return svg;
}
