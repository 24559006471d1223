import { type Bindings, expand, idPattern, nsPattern, parseTimeUs, timePattern } from './placeholders.ts'

export interface Comparison {
  readonly bindings: Bindings
  /** Paths of arrays without order, `[]` for every element. */
  readonly unordered: readonly string[]
  /** Paths that are not compared. */
  readonly volatile: readonly string[]
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The first difference as text, or undefined. Binds placeholders that appear for the first time. */
export function difference(
  recorded: unknown,
  actual: unknown,
  path: string,
  comparison: Comparison,
): string | undefined {
  const expected = expand(recorded)
  if (comparison.volatile.includes(path)) return undefined
  if (typeof expected === 'string') return textDifference(expected, actual, path, comparison.bindings)
  if (Array.isArray(expected)) return arrayDifference(expected, actual, path, comparison)
  if (isObject(expected)) return objectDifference(expected, actual, path, comparison)
  if (Object.is(expected, actual) || (expected === 0 && actual === 0)) return undefined
  return unequal(expected, actual, path)
}

function objectDifference(
  expected: Readonly<Record<string, unknown>>,
  actual: unknown,
  path: string,
  comparison: Comparison,
): string | undefined {
  if (typeof expected['$int'] === 'string') {
    const same =
      (typeof actual === 'bigint' || typeof actual === 'number') && BigInt(expected['$int']) === BigInt(actual)
    return same ? undefined : unequal(expected['$int'], actual, path)
  }
  if (!isObject(actual)) return unequal(expected, actual, path)
  const keys = Object.keys(expected)
  const given = Object.keys(actual)
  if (keys.join() !== given.join()) return `${path}: keys ${given.join()} instead of ${keys.join()}`
  return first(keys, (key) => difference(expected[key], actual[key], path === '' ? key : `${path}.${key}`, comparison))
}

function arrayDifference(
  expected: readonly unknown[],
  actual: unknown,
  path: string,
  comparison: Comparison,
): string | undefined {
  if (!Array.isArray(actual) || actual.length !== expected.length) return unequal(expected, actual, path)
  if (!comparison.unordered.includes(path)) {
    return first([...expected.keys()], (index) => difference(expected[index], actual[index], `${path}[]`, comparison))
  }
  // Ids alone in such an array appear again where they can be told apart; here only their number is compared.
  if (expected.every((item) => typeof item === 'string')) return setDifference(expected, actual, path, comparison)
  return matchDifference(expected, actual, path, comparison)
}

function setDifference(
  expected: readonly string[],
  actual: readonly unknown[],
  path: string,
  { bindings }: Comparison,
) {
  const missing = expected.filter((name) => bindings.has(name) && !actual.includes(bindings.get(name)))
  return missing.length === 0 ? undefined : `${path}: lacks ${missing.join()}`
}

/** Pairs elements so that all agree, with backtracking. */
function matchDifference(
  expected: readonly unknown[],
  actual: readonly unknown[],
  path: string,
  comparison: Comparison,
): string | undefined {
  const [head, ...rest] = expected
  if (expected.length === 0) return undefined
  let reason = `${path}: no element like ${show(head)}`
  for (const [index, candidate] of actual.entries()) {
    const bindings: Bindings = new Map(comparison.bindings)
    const trial = { ...comparison, bindings }
    const unlike = difference(head, candidate, `${path}[]`, trial)
    const unpaired = unlike ?? matchDifference(rest, actual.toSpliced(index, 1), path, trial)
    if (unpaired === undefined) {
      for (const [name, value] of bindings) comparison.bindings.set(name, value)
      return undefined
    }
    reason = unpaired
  }
  return reason
}

function textDifference(expected: string, actual: unknown, path: string, bindings: Bindings): string | undefined {
  const time = timePattern.exec(expected)
  if (time !== null) return timeDifference(`$${time[1]}`, time[2], actual, path, bindings)
  if (nsPattern.test(expected)) {
    return typeof actual === 'bigint' ? bind(expected, actual, path, bindings) : unequal(expected, actual, path)
  }
  if (expected === '$float') return typeof actual === 'number' ? undefined : unequal(expected, actual, path)
  if (typeof actual !== 'string') return unequal(expected, actual, path)
  return idDifference(expected, actual, path, bindings)
}

function timeDifference(name: string, offsetS: string | undefined, actual: unknown, path: string, bindings: Bindings) {
  const us = typeof actual === 'string' ? parseTimeUs(actual) : undefined
  if (us === undefined || us < 0) return unequal(name, actual, path)
  if (offsetS === undefined) return bind(name, BigInt(us), path, bindings)
  const base = bindings.get(name)
  const distance = Math.abs(us - Number(base) - Number(offsetS) * 1_000_000)
  return base !== undefined && distance <= 20_000 ? undefined : `${path}: ${distance} us away from ${name}${offsetS}s`
}

/** Compares a text in which ids may be embedded. */
function idDifference(expected: string, actual: string, path: string, bindings: Bindings): string | undefined {
  const names = [...expected.matchAll(idPattern)].map(([name]) => name)
  if (names.length === 0) return expected === actual ? undefined : unequal(expected, actual, path)
  const literals = expected.split(idPattern).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const found = new RegExp(`^${literals.join('([0-9a-f]{64})')}$`).exec(actual)
  if (found === null) return unequal(expected, actual, path)
  return first([...names.keys()], (index) => bind(names[index] ?? '', found[index + 1] ?? '', path, bindings))
}

function bind(name: string, value: string | bigint, path: string, bindings: Bindings): string | undefined {
  const known = bindings.get(name)
  if (known === undefined) bindings.set(name, value)
  else if (known !== value) return `${path}: ${name} is ${value}, was ${known}`
  return undefined
}

function first<T>(items: readonly T[], compare: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = compare(item)
    if (found !== undefined) return found
  }
  return undefined
}

function unequal(expected: unknown, actual: unknown, path: string): string {
  return `${path}: ${show(actual)} instead of ${show(expected)}`
}

function show(value: unknown): string {
  const text =
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)) ?? 'undefined'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
