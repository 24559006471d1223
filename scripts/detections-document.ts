import { type Clause, durationMs, durationText, type Rule } from '../bees/security/rules/index.ts'
import { advices } from './detections-advice.ts'

const ladder: Readonly<Record<string, string>> = {
  notify: 'tell',
  challenge: 'ask for proof (captcha, second factor)',
  throttle: 'slow down',
  revoke_session: 'end the session',
  revoke_sessions: 'end all sessions',
  disable_key: 'disable the key',
  lock_user: 'lock the account for a while',
  block_ip: 'block the address for a while',
  block_range: 'block the network for a while',
}

/** Fields and actions that a rule's selections and clauses look at. */
function inputsOf(rule: Rule): { readonly actions: readonly string[]; readonly fields: readonly string[] } {
  const actions = new Set<string>()
  const fields = new Set<string>()
  for (const [name, selection] of Object.entries(rule.detection)) {
    if (name === 'condition' || typeof selection !== 'object') continue
    for (const tests of [selection].flat()) {
      for (const [item, value] of Object.entries(tests)) {
        const [field = ''] = item.split('|')
        if (field === 'action') for (const one of [value].flat()) actions.add(String(one))
        else fields.add(field)
      }
    }
  }
  for (const field of rule.any.flatMap(fieldsOf)) fields.add(field)
  if (rule.entity.field !== undefined) fields.add(rule.entity.field)
  return { actions: [...actions], fields: [...fields].sort() }
}

function fieldsOf(clause: Clause): readonly string[] {
  const by = 'by' in clause ? clause.by : []
  const named = 'field' in clause ? [clause.field ?? []].flat() : []
  const several = clause.kind === 'new_value' ? clause.fields : []
  const distinct =
    clause.kind === 'window' ? Object.values(clause.measures).flatMap((one) => [one.distinct ?? []].flat()) : []
  const differing = 'stages' in clause ? clause.stages.flatMap(({ differs }) => differs ?? []) : []
  const places = clause.kind === 'travel' ? ['lat', 'long'] : []
  return [...by, ...named, ...several, ...distinct, ...differing, ...places]
}

const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(', ')
const cell = (text: string) => text.replaceAll('|', '\\|')

function settingRows(rule: Rule): readonly string[] {
  return Object.entries(rule.settings).map(([name, setting]) => {
    const whole = typeof setting === 'object' && !Array.isArray(setting)
    const { default: value, about = '' } = whole
      ? (setting as { default: unknown; about?: string })
      : { default: setting }
    return `| \`${name}\` | ${cell(about)} | ${cell(shown(value))} |`
  })
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : code(value.map(String))
  const ms = typeof value === 'string' ? durationMs(value) : Number.NaN
  return Number.isNaN(ms) ? String(value) : durationText(ms)
}

/** Severities that a rule's clauses may give, as one phrase. */
function severityOf(rule: Rule): string {
  const all = [...new Set(rule.any.map(({ severity }) => severity ?? rule.severity))]
  const others = all.filter((one) => one !== rule.severity)
  return others.length === 0 ? rule.severity : `${rule.severity} (by clause also ${others.join(', ')})`
}

function ruleText(rule: Rule): string {
  const { actions, fields } = inputsOf(rule)
  const chained = [...JSON.stringify(rule.any).matchAll(/"rule":"(\w+)"/g)].map(([, id]) => id ?? '')
  const rows = settingRows(rule)
  const head = rule.signal
    ? `Building block for other rules; tells nobody. Of: ${rule.entity.kind}.`
    : `Severity ${severityOf(rule)}, confidence ${rule.confidence}, about: ${rule.entity.kind}. Proposes at most to ${ladder[rule.response ?? ''] ?? 'do nothing'}.` +
      `${rule.attack.length === 0 ? '' : ` ATT&CK ${rule.attack.join(', ')}.`}`
  return [
    `### ${rule.title}: \`${rule.id}\``,
    rule.description.trim(),
    head,
    [
      `- Looks at ${actions.length === 0 ? 'events of any action' : code(actions)}; fields ${code(fields)}.`,
      ...(chained.length === 0 ? [] : [`- Builds on ${code([...new Set(chained)])}.`]),
      ...rule.falsepositives.map((one) => `- False alarm: ${one}`),
    ].join('\n'),
    ...(rows.length === 0 ? [] : [['| Setting | Meaning | Default |', '|---|---|---|', ...rows].join('\n')]),
  ].join('\n\n')
}

/**
 * docs/detections.md, from the rules as they are. Rules of one detection stand together, those that tell people first.
 *
 * @param rules as loaded, in the order of the files
 */
export function detectionsDocument(rules: readonly Rule[]): string {
  const numbers = [...new Set(rules.map(({ number }) => number))].sort((a, b) => a - b)
  const sections = numbers.map((number) => {
    const own = rules.filter((rule) => rule.number === number)
    const spoken = [...own.filter(({ signal }) => !signal), ...own.filter(({ signal }) => signal)]
    const advice = advices[number]
    return [
      `## ${number}. ${spoken[0]?.title ?? ''}`,
      ...(advice === undefined ? [] : [`**Needs.** ${advice.needs}`, `**What to do.** ${advice.act}`]),
      ...spoken.map(ruleText),
    ].join('\n\n')
  })
  return [
    '# Detections',
    'Written by `npm run docs` from the files of `bees/security/rules/detections`; edit those.',
    'Each detection is one file with one or several rules: fast and slow variants, raised ones, and building blocks that only feed other rules. All thresholds are settings that each tenant may change; the defaults are starting values. Every rule carries fixtures, among them benign look-alikes, which the tests play.',
    'What a rule proposes is a proposal: nothing is done before a plan has been approved, or a playbook is set to act by itself.',
    ...sections,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
}
