// Numbers that nobody else makes: of commands, of cases, and of papers.

function hex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export const commandNo = () => `c-${hex(12)}`;
export const ticketNo = () => `k-${hex(8)}`;
export const transferNo = () => `t-${hex(8)}`;
export const caseId = (now) => `${now.slice(0, 10).replaceAll('-', '')}${hex(9)}`;

// 办件编号: day, terminal (6 digits, made once), number of the day at this terminal, check digit.
export function caseNo(now) {
  const day = now.slice(0, 10).replaceAll('-', '');
  let terminal = localStorage.getItem('tz.terminal');
  if (!terminal) {
    terminal = String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000).padStart(6, '0');
    localStorage.setItem('tz.terminal', terminal);
  }
  const [last, n] = (localStorage.getItem('tz.number') ?? '-').split('-');
  const next = last === day ? Number(n) + 1 : 1;
  localStorage.setItem('tz.number', `${day}-${next}`);
  const digits = `${day}${terminal}${String(next).padStart(4, '0')}`;
  let sum = 0; // Luhn, from the right.
  [...digits].reverse().forEach((digit, place) => {
    const twice = Number(digit) * (place % 2 ? 1 : 2);
    sum += twice > 9 ? twice - 9 : twice;
  });
  return digits + String((10 - (sum % 10)) % 10);
}
