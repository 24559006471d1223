import { figuresOf, median, type Score } from './score.ts'

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const rounded = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 2 : 0))

/** Counts of a list, the most frequent first: `brute-force-fast x3, travel`. */
export function tally(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return sorted.map(([name, count]) => (count > 1 ? `${name} x${count}` : name)).join(', ')
}

/** The table that `npm run attacks` prints. */
export function reportOf(scores: readonly Score[]): string {
  const outcomes = scores.flatMap((score) => score.outcomes)
  const lines = ['| # | Attack | Found | Events until found | Of | First found by |', '|---|---|---|---|---|---|']
  const names = [...new Set(outcomes.map(({ attack }) => attack.name))]
  for (const name of names) {
    const own = outcomes.filter(({ attack }) => attack.name === name)
    const found = own.flatMap((outcome) => outcome.found ?? [])
    const detection = own[0]?.attack.detection ?? 0
    const until = rounded(median(found.map(({ events }) => events)))
    const all = rounded(median(own.map(({ attack }) => attack.times.length)))
    const by = tally(found.map(({ rule }) => rule)) || '-'
    lines.push(`| ${detection} | ${own[0]?.attack.pace} | ${found.length}/${own.length} | ${until} | ${all} | ${by} |`)
  }
  const figures = figuresOf(scores)
  lines.push(
    '',
    `recall            ${percent(figures.recall)} (${figures.found} of ${figures.attacks} attacks)`,
    `  by a rule of its number ${percent(figures.recallByName)}, by its own events ${percent(figures.recallByEvents)}`,
    `precision         ${percent(figures.precision)} (of ${figures.alerts} alerts)`,
    `events until found, median             ${rounded(figures.medianEvents)}`,
    `the same, guessing of passwords, codes ${rounded(figures.medianCredentialEvents)}`,
    `false alerts per 1 000 users and week  ${rounded(figures.falseAlertsPerWeek)}`,
    `false pages per 1 000 users and week   ${rounded(figures.falsePagesPerWeek)}`,
  )
  const wrong = scores.flatMap((score) => score.falseAlerts)
  const named = wrong.map(({ rules, severity }) => `${rules.join('+')} (${severity})`)
  if (wrong.length > 0) lines.push(`false alerts by rules: ${tally(named)}`)
  const missed = outcomes.filter(({ found }) => found === undefined)
  if (missed.length > 0) lines.push(`missed: ${tally(missed.map(({ attack }) => attack.name))}`)
  return lines.join('\n')
}
