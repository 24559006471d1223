import { BeeError } from '../../../src/bee/index.ts'

/** One mistake in a rule file. */
export interface Problem {
  readonly file: string
  /** `credential_stuffing: any[0].within` */
  readonly path: string
  readonly received: string
  readonly expected: string
}

/** Thrown by the parts of the compiler; the loader gathers them. */
export class RuleMistake extends Error {
  readonly path: string
  readonly received: string
  readonly expected: string

  constructor(path: string, received: unknown, expected: string) {
    super(`${path}: expected ${expected}`)
    this.path = path
    this.received = shown(received)
    this.expected = expected
  }
}

/** A value for a message: short, and harmless in a terminal. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value)
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`
}

const mostShown = 200

/** @returns BEE_SECURITY_RULE_INVALID, with every mistake */
export function rulesInvalid(problems: readonly Problem[]): BeeError {
  const lines = problems
    .slice(0, mostShown)
    .map(({ file, path, received, expected }) => `  ${file}: ${path}: received ${received}, expected ${expected}`)
  const more = problems.length > mostShown ? [`  and ${problems.length - mostShown} more`] : []
  const count = problems.length === 1 ? '1 mistake' : `${problems.length} mistakes`
  return new BeeError('BEE_SECURITY_RULE_INVALID', [`${count} in the rules:`, ...lines, ...more].join('\n'))
}
