import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Bee, loadBees } from '../../src/bee/index.ts'
import { configVariables } from '../../src/config.ts'
import { prepareAuth } from '../../src/local/auth/index.ts'
import { createMetrics } from '../../src/telemetry/index.ts'
import { adminQuery, createDatabase } from '../support/index.ts'
import { found, pages, root, textOf } from './pages.ts'

const migrations = join(root, 'supabase/migrations')

let bees: readonly Bee[]
/** Tables, views and functions of our schemas and of auth, as schema.name. */
let objects: ReadonlySet<string>
/** Names of the metrics that a hive shows. */
let metrics: readonly string[]
beforeAll(async () => {
  bees = await loadBees(join(root, 'bees'), {})
  metrics = found((await createMetrics({ version: '0' }).render()) ?? '', /^# TYPE (\S+)/gm)
  const database = await createDatabase()
  await prepareAuth(database.url)
  const rows = await adminQuery(
    database.url,
    `select relnamespace::regnamespace || '.' || relname as name from pg_catalog.pg_class
     union
     select pronamespace::regnamespace || '.' || proname from pg_catalog.pg_proc`,
  )
  // Also subjects of locks and the like: what stands as a text of its own in a migration.
  const texts = readdirSync(migrations).flatMap((name) =>
    found(readFileSync(join(migrations, name), 'utf8'), /'([a-z_]+\.[a-z_]+)'/g),
  )
  objects = new Set([...rows.map(({ name }) => String(name)), ...texts])
  return () => database.drop()
})

/** Files, members of JSON and types of messages that look like objects of a schema. */
const noObject = /\.(md|ts|yml|sql|js|incident)$/

describe.each(pages)('%s', (page) => {
  const text = textOf(page)

  it('names metrics that exist', () => {
    const series = new Set(metrics.flatMap((name) => [name, `${name}_count`, `${name}_sum`, `${name}_bucket`]))
    const endings = 'total|seconds|bytes|info|state|kept|busy|slots'
    const named = found(text, new RegExp(`\\b((?:bees|process)_[a-z_]+_(?:${endings})(?:_[a-z]+)?)\\b`, 'g'))
    expect(named.filter((name) => !series.has(name))).toEqual([])
  })

  it('names variables that exist', () => {
    const known = new Set<string>(configVariables.map(({ name }) => name))
    const named = found(text, /(?<![A-Z_])((?:BEES|SECURITY|COLONIES|SUPABASE|STRIPE)_[A-Z_]*[A-Z])(?![A-Z_]*…)\b/g)
    expect(named.filter((name) => !known.has(name) && !name.startsWith('BEES_TEST_'))).toEqual([])
  })

  it('names tables and functions that exist', () => {
    const named = found(text, /(?<![\w./-])((?:security|finance|bees|auth)(?:_[a-z]+)?\.[a-z][a-z_]+)\b(?![./-])/g)
    expect(named.filter((name) => !objects.has(name) && !noObject.test(name))).toEqual([])
  })
})

describe('docs/metrics.md', () => {
  const text = textOf('docs/metrics.md')

  it('has every metric', () => {
    expect(metrics.length).toBeGreaterThan(20)
    expect(metrics.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })

  it('has every count of every task, and no other', () => {
    const counts = [...new Set(bees.flatMap(({ tasks }) => [...tasks.values()].flatMap((task) => task.counts)))]
    expect(counts.length).toBeGreaterThan(20)
    const familyOf = (name: string) => name.replace(/^refused_.+/, 'refused_<reason>')
    expect(counts.filter((name) => !text.includes(`\`${name}\``) && !text.includes(`\`${familyOf(name)}\``))).toEqual(
      [],
    )
    const labelled = found(text, /what="([a-z_]+)"/g)
    expect(labelled.length).toBeGreaterThan(3)
    expect(labelled.filter((name) => !counts.includes(name))).toEqual([])
  })
})
