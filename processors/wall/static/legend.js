// 图例: one line that is always there, and behind F1 all of it.

import { el, word } from './dom.js';

const LINE = [
  ['s-bad', '◆ 红', '告警，马上处理'], ['s-warn', '▲ 黄', '预警，须留意'], ['s-lost', '▨ 灰', '数据停了，不可信'], ['', '均', '平均用时'],
  ['', '差', '差评'], ['', '错', '错窗'], ['', '超', '超期件'], ['', '监察', '未结黄红牌'], ['', '样本不足', '评价不满 20 次'], ['', 'F1', '详解'],
];

export function legendLine(root) {
  for (const [status, mark, text] of LINE) root.append(el('span', {}, word('b', { class: status }, mark), word('span', {}, text)));
}

export function buildLegend(root, thresholds) {
  if (root.childElementCount) return;
  const line = (mark, text) => el('p', {}, word('b', {}, mark), word('span', {}, text));
  const rules = thresholds.map(([level, name, base, n, ppm]) => line(level === 2 ? '◆ 告警' : '▲ 预警', `${name} ≥ ${n} 且占${base} ≥ ${ppm / 10000} %`));
  root.append(word('h2', {}, '图例'), el('div', { class: 'all' },
    line('● 正常', '有业务，线路在线'), line('○ 无业务', '线路在线，今日尚无受理'), line('◐ n/m 在线', '部分站点失去心跳，合计只含已到数据'), ...rules,
    line('▲ 延迟', '数据超过 5 秒未推进'), line('■ 陈旧', '超过 30 秒，数字变灰'), line('◌ 失联', '超过 120 秒，不再显示数字'),
    line('应由谁处理', '超期件：到期那一刻持有的部门或前台；排队、差评和错窗偏多：中心值班主任；一个窗口：在窗人员的工号；差评：这一步的岗位'),
    line('监察 n', '未结的黄牌、红牌 n 张'), line('超 n', '超期在办 n 件'), line('排队 n', '等候过久，n 人'), line('错窗', '在不该收的窗口收件'),
    line('样本不足', '评价少于 20 次，不计满意率'), line('满意率', '3 星及以上 ÷ 评价；两位小数舍去'), line('用时', '受理至决定的工作时间，480 工作分钟为 1 工作日'),
    line('有业务 空闲', '窗口在本小时或上一小时是否有受理、办结、出件或评价'), line('往日均', '本处有业务的前几日各小时受理均值，至多 7 日'),
    line('超期在办', '时限已过而未办结；法定超期为红，承诺超期为黄'), line('今日 明日', '受理时承诺的到期日，未计暂停与延期'),
    line('等候 最久', '最早一位从何时等起；超过 30 分为黄，60 分为红'), line('差评未办结', '逾期按 15 个工作日整改期限计'),
    line('按键', '← 上一级 · → 下一级 · ↑↓ 同级 · T 数据表 · F1 图例'), line('预警、告警', '为本屏阈值，不是电子监察的黄牌、红牌')));
}
