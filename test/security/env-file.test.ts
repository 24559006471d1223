/** The attacker chose a value that ends up in local.env, or left such a file in a folder where somebody runs `bees`. */

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runningConfig } from '../../src/cli/environment.ts'
import { readEnvFile, writeEnvFile } from '../../src/local/env-file.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bees-env-'))
})
afterEach(() => rm(folder, { recursive: true }))

const hostile = [
  `'; touch owned; '`,
  '$(touch owned)',
  '`touch owned`',
  `\\'; touch owned #`,
  `a'\nexport BEES_URL='http://evil`,
  `'\\''\nexport BEES_URL='http://evil'\n'`,
  `!! ~ * $PATH \\n %s "`,
]

test.each(hostile)('a shell that sources it gets the value %j and runs nothing', async (value) => {
  const path = await writeEnvFile(folder, { STRIPE_WEBHOOK_SECRET: value, BEES_URL: 'http://127.0.0.1:1' })
  const script = `. "${path}" && printf '%s\\0%s' "$STRIPE_WEBHOOK_SECRET" "$BEES_URL"`
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script], { cwd: folder })
  expect(stdout.split('\0')).toEqual([value, 'http://127.0.0.1:1'])
  expect(await readdir(folder)).toEqual(['local.env'])
  expect(await readEnvFile(folder)).toEqual({ STRIPE_WEBHOOK_SECRET: value, BEES_URL: 'http://127.0.0.1:1' })
})

test("a stranger's file cannot choose the code that a command loads, nor whom a hive trusts", async () => {
  const evil = {
    BEES_DIR: join(folder, 'bees'),
    BEES_TRUSTED_SUBMITTERS: '[]',
    BEES_HOST: '0.0.0.0',
    NODE_OPTIONS: '-r x',
  }
  await writeEnvFile(folder, { ...evil, COLONIES_SERVER_HOST: '127.0.0.1', BEES_URL: 'http://127.0.0.1:1' })
  const config = await runningConfig({ BEES_DATA_DIR: folder })
  expect(config).toMatchObject({ BEES_DIR: 'bees', BEES_HOST: '127.0.0.1', COLONIES_SERVER_HOST: '127.0.0.1' })
  expect(config.BEES_TRUSTED_SUBMITTERS).toBeUndefined()
})
