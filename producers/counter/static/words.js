// The words of the counter (用语), and the ledger's refusals in Chinese.

export const ACTIONS = {
  'case.submit': '收件', 'case.accept': '受理', 'case.transfer': '转办', 'case.receive_transfer': '签收',
  'case.decide': '审批', 'case.conclude': '办结', 'case.issue': '出件', 'case.void_event': '作废',
  'case.start_step': '环节开始', 'case.finish_step': '环节结束', 'case.correct_material': '当场更正',
  'neg.precheck': '预审', 'neg.verify': '核实', 'neg.plan_rectification': '整改计划', 'neg.rectify': '整改完成', 'neg.reply': '答复', 'neg.call_back': '回访', 'neg.close': '差评办结',
  'neg.instruct': '批示', 'neg.grant_extension': '整改延期', 'appeal.file': '申诉', 'appeal.uphold': '申诉成立', 'appeal.deny': '申诉不成立',
  'ticket.issue': '取号', 'ticket.call': '叫号', 'ticket.start_service': '开始办理', 'ticket.finish_service': '办理结束', 'ticket.pass_over': '过号', 'ticket.cancel': '弃号',
  'ticket.park': '挂起', 'ticket.resume': '解挂', 'ticket.transfer': '转号', 'ticket.check_in': '签到', 'ticket.expire': '过期',
  'window.open': '开窗', 'window.close': '关窗', 'window.pause': '暂停', 'window.resume': '恢复', 'hall.count_heads': '在厅人数', 'hall.void_event': '作废',
};
export const FACTS = {
  'case.submitted': '收件', 'case.accepted': '受理', 'case.transferred': '转办', 'case.transfer_received': '签收',
  'case.decision_made': '审批决定', 'case.concluded': '办结', 'case.issued': '出件', 'case.event_voided': '作废更正',
  'case.material_corrected_on_spot': '当场更正', 'case.step_started': '环节开始', 'case.step_finished': '环节结束',
  'ticket.issued': '取号', 'ticket.checked_in': '签到', 'ticket.called': '叫号', 'ticket.service_started': '开始办理', 'ticket.service_finished': '办理结束', 'ticket.no_show': '过号',
  'ticket.cancelled': '弃号', 'ticket.expired': '过期', 'ticket.parked': '挂起', 'ticket.resumed': '解挂', 'ticket.transferred': '转号',
  'window.opened': '开窗', 'window.paused': '暂停', 'window.resumed': '恢复', 'window.closed': '关窗', 'hall.headcount': '在厅人数', 'staff.clock_in': '签到', 'staff.clock_out': '签退',
};
export const POSTS = {
  guide: '导办', accept: '受理', review: '审查', approve: '审批', issue: '出件', agent: '帮办代办', hall_manager: '值班主任',
  item_admin: '事项管理', corrector: '更正', correct_approver: '更正审批', city_supervisor: '市政务办', rating_officer: '评价专员', callback_officer: '回访专员',
  inspector: '督查员', gov_head: '政府负责人',
};
export const WINDOWS = {
  'comp:livelihood': '民生综合窗口', 'comp:construction': '建设综合窗口', 'comp:municipal': '市政公共服务综合窗口',
  'comp:other': '其他事项综合窗口', 'village:all_round': '全科综合窗口', help_agent: '帮办代办窗口', issue: '统一出件窗口',
};
export const windowName = (kind) => WINDOWS[kind] ?? `${kind.replace('professional:', '')}专业窗口`;
export const APPLICANTS = { 1: '个人', 2: '企业', 3: '事业单位', 4: '社会组织', 5: '行政机关', 6: '其他' };
export const TYPES = { instant: '即办件', promised: '承诺件', joint: '联办件', escalated: '上报件' };
const UNITS = { workday: '个工作日', day: '天', hour: '小时' };
export const limit = (each) => (each ? (each.n === 0 ? '当场' : `${each.n} ${UNITS[each.unit]}`) : '未定');
export const OUTCOMES = { approved: '准予', rejected: '不予', partly: '部分准予' };
export const RESULTS = { 0: '出证办结', 1: '不予许可', 2: '作废办结', 3: '删除办结', 4: '转报办结', 5: '退件', 6: '不予受理' };
export const KINDS = { dispatch: '分派后台', refer: '转其他部门', escalate: '上报', return: '退回前台', delegate: '下转村' };
export const VOIDS = { wrong_case: '录错办件', wrong_person: '录错人员', duplicate_entry: '重复录入', test_data: '测试数据', other: '其他' };
export const REASONS = { not_qualified: '不符合法定条件', materials_false: '材料不真实', out_of_power: '不属于本机关职权', other: '其他' };
export const DOCS = { licence: '证照', approval: '批文', certificate: '证明', receipt: '回执', other: '其他' };
export const FLAGS = { R03: '错窗受理', R07: '岗位未分离', R08: '多次补正', R11: '重复要件', R20: '文书缺失', R28: '容缺违规', late: '补录', clamped: '时钟已校正' };
export const LATE = { line_down: '线路中断补报' };

const CODES = {
  E_LIMIT: '内容太大', E_FIELD: '填写有误', E_DUP_CONFLICT: '编号已被另一条命令占用', E_TYPE: '没有这种命令',
  E_TIME_FUTURE: '时间晚于现在，请检查本机时钟', E_LATE_REASON: '补录超过一个工作日，须说明缘由', E_FROZEN: '该期间已结账，不再改动', E_REF: '登记中没有',
  E_AUTH: '岗位不符', E_VERSION: '办件已有新的变化，请刷新后再办', E_STATE: '现在的状态不能这样办',
  E_TIME_ORDER: '时间早于它所依据的上一环节', E_SOD: '岗位须分离，请换一个人办', E_DEPENDENT: '后面的环节依赖于它，须一并作废',
  E_INTERNAL: '台账自身出错，请联系维护人员', E_UNREACHABLE: '连不上台账',
};
const posts = (text) => text.split(/ or |, /).map((post) => POSTS[post] ?? post).join('、');
const states = { SUB: '已收件', ACC: '已受理', TRN: '转办在途', REV: '审查中', 'DEC+': '已决定(准予)', 'DEC-': '已决定(不予)', ISS: '已出件', VOI: '作废', '-': '无' };

// What the ledger says (docs/refusals.md) → the same in Chinese.
const NEG_WHY = [
  [/prechecked or verified before/, '已经预审或核实过了'], [/verified before/, '已经核实过了'], [/planned before/, '已经列过整改计划'], [/only what was verified/, '只有属实或部分属实的才整改'],
  [/rectified or extended before/, '已经整改或延期过了'], [/rectified before/, '已经整改过了'], [/callback is done/, '回访已经完成'], [/verify it first/, '请先核实'], [/rectify it first/, '请先整改'],
  [/got no reply/, '还没有答复评价人，请先「答复」'], [/not verified and rectified/, '还没有核实、整改完，请先办完'], [/is called back/, '实名差评须先回访'],
];
const WINDOW = { closed: '没有开', paused: '暂停着', open: '已经开着' };
const TICKET = { WAIT: '在等候', CALL: '已叫到', PASS: '已过号', SERV: '正在办理', END: '已经结束', parked: '挂起着', 'parked SERV': '挂起着', '-': '还没有取' };
const SENTENCES = [
  [/^neg\.\w+: (.+)$/, (m) => `${NEG_WHY.find(([pattern]) => pattern.test(m[1]))?.[1] ?? '按这件差评现在的步骤，还不能这样办'}。`],
  [/^this negative is closed/, () => '这件差评已经办结，只能再批示。'],
  [/^this rating is not adopted/, () => '申诉已成立，这条评价不予采纳，只需答复和办结。'],
  [/^an appeal was filed before/, () => '已经申诉过了，只能申诉一次。'],
  [/^no appeal is open/, () => '没有待裁定的申诉，请先登记「申诉」。'],
  [/^(\S+) is rated here/, (m) => `${m[1]} 就是被评的人，核实和回访要由别人来办。`],
  [/^(\S+) belongs to the rated/, (m) => `${m[1]} 属于被评单位，申诉由市政务办裁定。`],
  [/^filed (\d+) working days/, (m) => `派单已过 ${m[1]} 个工作日，申诉须在 5 个工作日内提出。`],
  [/^new_due is not after/, () => '延期后的日子要晚于原来的期限。'],
  [/^window (\S+) is (\w+); nobody/, (m) => `${m[1]} 窗口${WINDOW[m[2]] ?? m[2]}，请先「${m[2] === 'paused' ? '恢复' : '开窗'}」。`],
  [/^window (\S+) is (closed|open|paused)/, (m) => `${m[1]} 窗口${WINDOW[m[2]]}，请看可以办的。`],
  [/^window (\S+) serves ticket/, (m) => `${m[1]} 窗口正在办理一个号，请先「办理结束」或挂起。`],
  [/^(\S+) sits at window ([^;]+); close/, (m) => `${m[1]} 已坐在 ${m[2]} 窗口，请先在那里关窗。`],
  [/^(\S+) sits at window (\S+)$/, (m) => `${m[2]} 窗口坐的是 ${m[1]}，由本人开始办理。`],
  [/^number (\S+) was issued/, (m) => `今天的 ${m[1]} 号已经取过，请换一个号。`],
  [/^(\S+): ticket \S+ is (parked SERV|[\w-]+)/, (m) => `这个号${TICKET[m[2]] ?? m[2]}，不能登记「${FACTS[m[1]] ?? m[1]}」。`],
  [/^call \d+ was made/, () => '这一次已经叫过，请刷新后再叫。'],
  [/^window (\S+) called the ticket last/, (m) => `这个号是 ${m[1]} 窗口叫的，请在那里办，或重新「叫号」。`],
  [/^ticket (\S+) is not known/, () => '今天没有这个号。'],
  [/^(\S+) in state (\S+) /, (m) => `办件现在是「${states[m[2]] ?? m[2]}」，不能再登记「${FACTS[m[1]] ?? m[1]}」。`],
  [/^already concluded/, () => '这件事已经办结过了，只办结一次。'],
  [/^(.+) not there: give notice/, (m) => `还缺 ${m[1]}，收到后再受理，或勾选容缺后补的。`],
  [/^(.+) may not follow later/, (m) => `${m[1]} 不能容缺后补。`],
  [/on the list of the dishonest/, () => '申请人在失信名单上，不能容缺。'],
  [/^(.+): no material of this item/, (m) => `这个事项没有材料 ${m[1]}。`],
  [/^a promised case is transferred/, () => '承诺件要先转办给后台部门、由其签收审查，再作决定（后台分类审批）。'],
  [/^(\S+) is for (.+); (\S+) holds (.+)$/, (m) => `「${ACTIONS[m[1]] ?? m[1]}」须由「${posts(m[2])}」岗办理；${m[3]} 的岗位是「${m[4] === 'no post' ? '无' : posts(m[4])}」。`],
  [/^(\S+) is for (.+)$/, (m) => `「${ACTIONS[m[1]] ?? m[1]}」须由「${posts(m[2])}」岗办理。`],
  [/^(\S+) does not belong to (.+)$/, (m) => `${m[1]} 不属于 ${m[2].replace(' at ', '（')}${m[2].includes(' at ') ? '）' : ''}，不能替它签收。`],
  [/^(\S+) accepted this case/, (m) => `${m[1]} 受理了这件事，审批要由另一个人作出（岗位分离）。`],
  [/^requested_by and approved_by are one person/, () => '作废的申请人和审批人是同一个人，须由两个人办。'],
  [/^(\S+) entered (\S+); others/, (m) => `${m[2]} 是 ${m[1]} 录入的，须由别人来更正。`],
  [/^(\S+) does not hold post correct_approver/, (m) => `审批人 ${m[1]} 没有「更正审批」岗。`],
  [/^(.+) would no longer be legal/, (m) => `作废以后，${m[1]} 就不再成立，须一并作废。`],
  [/^(\S+) was voided before/, (m) => `${m[1]} 已经作废过了。`],
  [/^a rejection needs/, () => '不予决定须写明理由，并告知救济途径（行政许可法 §38）。'],
  [/^happened (\d+) working days/, (m) => `这件事发生在 ${m[1]} 个工作日以前，补录须说明缘由。`],
  [/^occurred_at is (\d+) minutes/, (m) => `时间比台账晚 ${m[1]} 分钟，请检查本机时钟。`],
  [/is before the fact it needs/, () => '时间早于它所依据的上一环节，请检查时间。'],
  [/^(\S+) holds the case/, (m) => `办件就在 ${m[1]}，请转给别的部门。`],
  [/^transfer (\S+) was used/, () => '这个转办编号用过了。'],
  [/^(window|centre|department|item|staff) (\S+) is not known|^item (\S+) is not registered/, (m) => `登记中没有 ${m[2] ?? m[3]}。`],
  [/^(\S+) needs a (\S+)/, (m) => `「${ACTIONS[m[1]] ?? m[1]}」须先选定${{ centre: '中心', window: '窗口', channel: '渠道' }[m[2]] ?? m[2]}。`],
  [/^this key speaks for (\S+), not for (\S+)/, (m) => `这把密钥属于来源 ${m[1].replace(',', '')}，不能替 ${m[2]} 上报。`],
];

export function sentence({ code, message }) {
  for (const [pattern, words] of SENTENCES) {
    const m = pattern.exec(message);
    if (m) return words(m);
  }
  return `${CODES[code] ?? code}。`;
}
