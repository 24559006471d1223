/**
 * The tests that need a database, on another version of Postgres than the one that is installed: what a hosted project has.
 *
 *     npm run test:postgres -- 17                  # all of them
 *     npm run test:postgres -- 17 --short          # those that are about the SQL itself
 *     npm run test:postgres -- 15 test/ledger      # some; everything after the version goes to vitest
 *
 * Its programs come from npm, as those of the installed version do, and are kept below node_modules/.cache.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageName } from '../src/local/postgres/binaries.ts'

/** The last of each version that hosted projects run on, and what npm must find in it. */
const releases: Readonly<
  Record<string, { readonly version: string; readonly integrity: Readonly<Record<string, string>> }>
> = {
  15: {
    version: '15.18.0-beta.17',
    integrity: {
      'linux-x64': 'TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==',
      'linux-arm64': 'ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==',
      'darwin-arm64': '1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==',
    },
  },
  17: {
    version: '17.10.0-beta.17',
    integrity: {
      'linux-x64': 'hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
      'linux-arm64': 'mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==',
      'darwin-arm64': 'E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==',
    },
  },
}

/** Where the SQL is tested; the rest of the tests meets the same SQL or none. */
const suites = [
  ...['test/ledger', 'test/security', 'test/local/gateway', 'test/local/migrate.test.ts', 'test/bees/finance'],
  ...['alerts', 'analysis', 'events', 'locks', 'respond'].map((name) => `test/bees/security/${name}`),
]

const short = [
  'test/ledger',
  ...['database', 'security-privileges', 'security-query', 'temp-objects'].map(
    (name) => `test/security/${name}.test.ts`,
  ),
  ...['concurrency', 'entitlement', 'guard', 'locks', 'parking', 'payments', 'policy', 'take', 'twins'].map(
    (name) => `test/bees/finance/${name}.test.ts`,
  ),
  ...[
    'alerts/grouping',
    'alerts/keeping',
    'alerts/people',
    'analysis/analyze-security',
    'events',
    'locks',
    'respond',
  ].map((name) => `test/bees/security/${name}`),
]

const root = fileURLToPath(new URL('..', import.meta.url))

function main(major: string | undefined, wanted: readonly string[]): number {
  const release = releases[major ?? '']
  if (release === undefined) {
    return refuse(
      `Received ${major ?? 'nothing'}, expected ${Object.keys(releases).join(' or ')} and what vitest takes.`,
    )
  }
  const name = packageName()
  const integrity = release.integrity[name.slice(name.indexOf('/') + 1)]
  if (integrity === undefined) {
    return refuse(`Nothing is known of ${name}. Unpack it yourself and set BEES_TEST_POSTGRES to its folder.`)
  }
  const folder = join(root, 'node_modules', '.cache', `postgres-${release.version}`)
  const packagePath = join(folder, 'node_modules', name)
  if (
    !existsSync(packagePath) &&
    !install(folder, { name, version: release.version, integrity: `sha512-${integrity}` })
  ) {
    return refuse(`npm could not install ${name}@${release.version}.`)
  }
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { DATABASE_URL: _, ...env } = process.env
  const files = wanted.length === 0 ? suites : wanted[0] === '--short' ? [...short, ...wanted.slice(1)] : wanted
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...files], {
    cwd: root,
    env: { ...env, BEES_TEST_POSTGRES: packagePath },
    stdio: 'inherit',
  })
  return status ?? 1
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n`)
  return 2
}

/** In a folder of its own, since two versions of one package do not fit into one tree; with a lock, so that npm compares. */
function install(
  folder: string,
  wanted: { readonly name: string; readonly version: string; readonly integrity: string },
) {
  const { name, version, integrity } = wanted
  const root = { dependencies: { [name]: version } }
  const packages = { '': root, [`node_modules/${name}`]: { version, integrity } }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...root }))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, requires: true, packages }))
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  })
  return status === 0
}

process.exitCode = main(process.argv[2], process.argv.slice(3))
