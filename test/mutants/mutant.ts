/** One deliberate mistake, and the test that must notice it. */
export interface Mutant {
  readonly name: string
  /** What it would do to somebody. */
  readonly why: string
  /** One place, or several where each alone is caught by the next line of defence. */
  readonly edits: readonly Edit[]
  readonly killer: Killer
}

export interface Edit {
  /** Path below the root. */
  readonly file: string
  /** Occurs in the file exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Killer {
  readonly file: string
  /** Pattern for the full name of the test. */
  readonly test: string
  /** In the test's failure, so that it dies of its mistake and of nothing else. */
  readonly because: RegExp
}
