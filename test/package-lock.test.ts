import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
const packages = Object.entries(lock.packages)

/** Where Node would find `name` from the package at `path`. */
function isLocked(path: string, name: string): boolean {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in lock.packages) return true
    if (at === '') return false
  }
}

// `npm ci` refuses a lock file that lacks one of them, also those for other machines than the one that wrote it.
describe('package-lock.json', () => {
  it('has every package that another one asks for, those of other platforms included', () => {
    expect(packages.length).toBeGreaterThan(100)
    const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isLocked(path, name))
        .map((name) => `${path} asks for ${name}`),
    )
    expect(missing).toEqual([])
  })

  it('leaves it to each machine which registry it uses', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })
})
