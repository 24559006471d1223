import { type Clause, durationMs, durationText, type Rule } from '../bees/security/rules/index.ts'
import { type Advice, advices } from './detections-advice.ts'

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

const severities = ['critical', 'high', 'medium', 'low', 'info']

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : code(value.map(String))
  const ms = typeof value === 'string' ? durationMs(value) : Number.NaN
  return Number.isNaN(ms) ? String(value) : durationText(ms)
}

/** All severities that a rule's clauses may give, worst first. */
function severitiesOf(rules: readonly Rule[]): string {
  const all = rules.flatMap((rule) => rule.any.map(({ severity }) => severity ?? rule.severity))
  return severities.filter((one) => all.some((other) => other === one)).join(', ')
}

/** A rule in two or three lines: what it means, then what a machine would say of it. */
function ruleText(rule: Rule): string {
  const head = rule.signal
    ? 'tells nobody: a building block'
    : `${severitiesOf([rule])}, about: ${rule.entity.kind}, at most to ${ladder[rule.response ?? ''] ?? 'do nothing'}`
  return `- **\`${rule.id}\`** (${head}): ${rule.title}. ${rule.description.trim()}`
}

function settingRows(rule: Rule): readonly string[] {
  return Object.entries(rule.settings).map(([name, setting]) => {
    const whole = typeof setting === 'object' && !Array.isArray(setting)
    const { default: value, about = '' } = whole
      ? (setting as { default: unknown; about?: string })
      : { default: setting }
    return `| \`${rule.id}\` | \`${name}\` | ${cell(about)} | ${cell(shown(value))} |`
  })
}

/** What whoever tunes a rule needs, and nobody else. */
function inputText(rule: Rule): string {
  const { actions, fields } = inputsOf(rule)
  const chained = [...JSON.stringify(rule.any).matchAll(/"rule":"(\w+)"/g)].map(([, id]) => id ?? '')
  return [
    `- \`${rule.id}\` looks at ${actions.length === 0 ? 'events of any action' : code(actions)}; fields ${code(fields)}`,
    ...(chained.length === 0 ? [] : [`builds on ${code([...new Set(chained)])}`]),
    `${rule.maturity}, confidence ${rule.confidence}${rule.attack.length === 0 ? '' : `, ATT&CK ${rule.attack.join(', ')}`}.`,
  ].join('; ')
}

interface Detection {
  readonly number: number
  readonly title: string
  readonly advice: Advice
  /** Those that tell people first. */
  readonly rules: readonly Rule[]
}

/** @throws RangeError for a detection that nobody has written advice for */
function detectionsOf(rules: readonly Rule[]): readonly Detection[] {
  const numbers = [...new Set(rules.map(({ number }) => number))].sort((a, b) => a - b)
  return numbers.map((number) => {
    const advice = advices[number]
    if (advice === undefined)
      throw new RangeError(`scripts/detections-advice.ts says nothing about detection ${number}`)
    const own = rules.filter((rule) => rule.number === number)
    const spoken = [...own.filter(({ signal }) => !signal), ...own.filter(({ signal }) => signal)]
    return { number, title: titles[number] ?? spoken[0]?.title ?? '', advice, rules: spoken }
  })
}

/** Where the first rule's title speaks of one of several cases. */
const titles: Readonly<Record<number, string>> = {
  5: 'Sign-in after an attack',
  8: 'Session in two hands',
  9: 'Second factor guessed or worn out',
  10: 'Protection of an account taken down',
  13: 'Rate limits exceeded',
  14: 'Scraping',
  16: 'Row-level security bypass and canaries',
  17: 'Privilege escalation',
  18: 'Mass export',
  19: 'Mass deletion',
  20: 'Forged webhooks and tasks',
  21: 'Card testing',
  22: 'Sign-up burst',
  23: 'Message pumping',
  24: 'Dormant account taken over',
  25: 'Account enumeration',
  26: 'Forged tokens',
  27: 'Account sharing',
  28: 'Telemetry silence',
  29: 'Protection switched off',
  30: 'Metric anomaly',
}

const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')

function tableRow({ number, title, advice, rules }: Detection): string {
  const spoken = rules.filter(({ signal }) => !signal)
  const tiers = [...new Set(spoken.map(({ maturity }) => maturity))].join(', ')
  const link = `[${title}](#${anchorOf(`${number}. ${title}`)})`
  return `| ${number} | ${link} | ${advice.means} | ${severitiesOf(spoken)} | ${tiers} | ${advice.first} |`
}

function sectionOf({ number, title, advice, rules }: Detection): string {
  const settings = rules.flatMap(settingRows)
  const alike = [...new Set(rules.flatMap(({ signal, falsepositives }) => (signal ? [] : falsepositives)))]
  return [
    `## ${number}. ${title}`,
    `${advice.means.slice(0, 1).toUpperCase()}${advice.means.slice(1)}.`,
    [
      `- **First:** ${advice.first}`,
      `- **Then:** ${advice.after}`,
      `- **Needs:** ${advice.needs}`,
      ...(alike.length === 0 ? [] : [`- **Looks like it, and is not:** ${alike.join(' ')}`]),
    ].join('\n'),
    'Rules:',
    rules.map(ruleText).join('\n'),
    '<details><summary>Thresholds and inputs</summary>',
    ...(settings.length === 0
      ? []
      : [['| Rule | Setting | Meaning | Default |', '|---|---|---|---|', ...settings].join('\n')]),
    rules.map(inputText).join('\n'),
    '</details>',
  ].join('\n\n')
}

/**
 * docs/detections.md, from the rules as they are: a table of the attacks, then a part for each of them.
 *
 * @param rules as loaded, in the order of the files
 * @throws RangeError for a detection that nobody has written advice for
 */
export function detectionsDocument(rules: readonly Rule[]): string {
  const detections = detectionsOf(rules)
  return [
    '# Detections',
    'Written by `npm run docs` from the files of `bees/security/rules/detections` and `scripts/detections-advice.ts`; edit those.',
    'What each detection means, and what to do first. `npx bees security explain inc_…` names the rule that has found something; look for its id on this page.',
    [
      '| | Detection | What it means | Severity | Tier | First thing to do |',
      '|---|---|---|---|---|---|',
      ...detections.map(tableRow),
    ].join('\n'),
    '*Severity*: where there are several, each rule or clause of the detection has its own. *Tier*: rules that are `stable` tell people; `incubating` ones find and keep, and tell nobody. A detection has one or several rules: fast and slow variants, raised ones, and building blocks that only feed other rules.',
    'What a rule does “at most” is a proposal: nothing is done before a person has approved the plan, or has set the playbook to act by itself ([response](response.md)). All thresholds are settings of each tenant; the defaults are where to start. `bees security set <rule> <setting> <value>` sets one, `mode` with `trial` or `off` quiets a whole rule; what a rule does not take is refused.',
    'Learning. `learn` is time in which events were watched, in their own time: history that is read in counts, a hole counts as a day at most, and so does a single event that claims to be old. Some rules (18, 19, 23) also tell nobody in the first seven days after the first event came in, by the clock of the database: history does not shorten these.',
    ...detections.map(sectionOf),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
}
