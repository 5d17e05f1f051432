// Numbers and words as a wall says them.

export const WORKDAY_MINUTES = 480;
export const RATED_MIN = 20;
export const DASH = '—';

const WEEK = ['星期日', '星期一', '星期二', '星期三', '星期四', '星期五', '星期六'];
const two = (n) => String(n).padStart(2, '0');

export const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

// [figure, unit prefix]: from 100,000 on in 万, cut off, never rounded up.
export const big = (n) => (Math.abs(n) >= 100000 ? [(Math.trunc(n / 1000) / 10).toFixed(1), '万'] : [count(n), '']);

// 满意率: cut off at two decimals, so that one 差评 is never rounded away to 100.00.
export function satisfaction(rated, negatives) {
  if (rated < RATED_MIN) return null;
  return (Math.floor(((rated - negatives) * 10000) / rated) / 100).toFixed(2);
}

export function workdays(minutes, n) {
  if (!n) return null;
  const days = minutes / n / WORKDAY_MINUTES;
  return days.toFixed(days < 10 ? 2 : 1);
}

// On a tile: working days, below a tenth of one working minutes.
export function brief(minutes, n) {
  if (!n) return DASH;
  const mean = minutes / n;
  return mean < WORKDAY_MINUTES / 10 ? `${Math.round(mean)}分` : `${(mean / WORKDAY_MINUTES).toFixed(1)}日`;
}

export const share = (part, whole) => (whole ? `${((part / whole) * 100).toFixed(2)} %` : DASH);

export function span(seconds) {
  if (seconds === null) return '未知';
  const s = Math.max(1, Math.ceil(seconds)); // Never younger than it is.
  if (s < 60) return `${s} 秒`;
  if (s < 3600) return `${Math.floor(s / 60)} 分 ${two(s % 60)} 秒`;
  if (s < 86400) return `${Math.floor(s / 3600)} 小时 ${Math.floor((s % 3600) / 60)} 分`;
  return `${Math.floor(s / 86400)} 天`;
}

export const shortSpan = (seconds) => (seconds === null ? '' : seconds <= 59 ? `${Math.max(1, Math.ceil(seconds))}秒`
  : seconds < 3600 ? `${Math.floor(seconds / 60)}分` : seconds < 86400 ? `${Math.floor(seconds / 3600)}时` : `${Math.floor(seconds / 86400)}天`);

// Asia/Shanghai has no daylight saving: shift and read as UTC.
export function cityClock(epoch) {
  const t = new Date((epoch + 8 * 3600) * 1000);
  return {
    iso: t.toISOString().slice(0, 10),
    time: `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())}`,
  };
}

export function dayWords(iso) {
  if (!iso) return ['', ''];
  const [y, m, d] = iso.split('-').map(Number);
  return [`${y}年${m}月${d}日`, WEEK[new Date(Date.UTC(y, m - 1, d)).getUTCDay()]];
}

export const FRESH = {
  live: ['●', '实时'], late: ['▲', '延迟'], stale: ['■', '陈旧'], lost: ['◌', '失联'], wait: ['◌', '等待数据'],
};

export const STATUS = {
  ok: ['●', '正常', 's-ok'], none: ['○', '无业务', 's-none'], part: ['◐', '缺站', 's-part'],
  warn: ['▲', '预警', 's-warn'], bad: ['◆', '告警', 's-bad'],
  late: ['▲', '延迟', 's-late'], stale: ['■', '陈旧', 's-lost'], lost: ['◌', '失联', 's-lost'], wait: ['◌', '等待', 's-lost'],
};

const KINDS = {
  'comp:livelihood': '民生综合', 'comp:construction': '建设综合', 'comp:municipal': '市政综合', 'comp:other': '其他综合',
  'village:all_round': '全科综合', help_agent: '帮办代办', issue: '统一出件',
};
export const kindName = (kind) => KINDS[kind] ?? String(kind ?? '').replace('professional:', '');

// Who acts where the sums name nobody; the rows of the ledger say it themselves (acting.py).
export const MANAGER = '中心值班主任', LINE_KEEPER = '系统运维值班', FRONT = '中心前台窗口';
