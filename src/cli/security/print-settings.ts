import type { Json } from '../../canonical.ts'
import { columns, paint, printable } from '../paint.ts'
import type { OwnSetting } from './replies.ts'

const modes: Readonly<Record<string, string>> = { on: 'on', quiet: 'on trial', off: 'off' }

/** A value as it may be typed; null is the rule's own. */
export function valueText(value: Json): string {
  if (value === null) return 'as the rule says'
  if (value === 'quiet') return 'on trial'
  if (Array.isArray(value)) return value.map(String).join(', ') || 'an empty list'
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([name, one]) => `${name} ${valueText(one)}`)
    .join(', ')
}

/** All that a tenant has set, with who and why. */
export function printSettings(settings: readonly OwnSetting[]): void {
  if (settings.length === 0) {
    console.log('Nothing is set: every rule runs as docs/detections.md says.')
    console.log(`${paint.dim('next:')} bees security set <rule> <setting> <value> --reason "…"`)
    return
  }
  for (const { rule, mode, settings: own, author, reason, changed_at, problems } of settings) {
    const by = author === null ? 'by SQL' : `by ${author}`
    const why = reason === null ? '' : `: ${reason}`
    console.log(`${paint.bold(printable(rule))} ${paint.dim(printable(`${changed_at} ${by}${why}`))}`)
    const rows = Object.entries(own).map(([name, value]) => [name, valueText(value)])
    if (mode !== null) rows.unshift(['mode', modes[mode] ?? mode])
    if (rows.length > 0) console.log(columns(rows.map((row) => row.map(printable))))
    if (problems === null) console.log(paint.dim('  No analysis has looked at it since.'))
  }
  printSettingProblems(settings)
}

/** What is set and counts for nothing: what stands there, what should, what to do. */
export function printSettingProblems(settings: readonly OwnSetting[]): void {
  const wrong = settings.flatMap(({ rule, problems }) => (problems ?? []).map((problem) => ({ rule, ...problem })))
  if (wrong.length === 0) return
  console.log(`\n  ${paint.red(paint.bold('settings that count for nothing: the default holds'))}`)
  for (const { rule, setting, received, expected } of wrong) {
    const name = setting === '' ? rule : `${rule} ${setting}`
    console.log(paint.yellow(printable(`  ${name}: received ${received}, expected ${expected}`)))
    const set = setting === '' ? '' : `bees security set ${name} <value> --reason "…", or `
    console.log(printable(`    next: ${set}bees security unset ${name} --reason "…"`))
  }
}
