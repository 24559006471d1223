import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnv, projectDir, runBees } from '../support/hive.ts'

const key = 'ab'.repeat(32)
const processId = 'f'.repeat(64)
/** Nothing listens on port 1. */
const goneHive = [
  `export BEES_SUBMITTER_KEY='${key}'`,
  `export COLONIES_PRVKEY='${key}'`,
  "export COLONIES_SERVER_HOST='127.0.0.1'",
  "export COLONIES_SERVER_PORT='1'",
  "export SUPABASE_URL='http://127.0.0.1:1'",
  "export SUPABASE_SECRET_KEY='sb_secret_of_the_hive'",
  "export STRIPE_WEBHOOK_SECRET='whsec_of_the_hive'",
  "export BEES_URL='http://127.0.0.1:1'",
  `export BEES_RECEIPT_KEY='${key}'`,
]

let empty: string
let gone: string
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'colony-bees-empty-'))
  gone = await mkdtemp(join(tmpdir(), 'colony-bees-gone-'))
  await writeFile(join(gone, 'local.env'), `${goneHive.join('\n')}\n`)
})
afterAll(() => Promise.all([empty, gone].map((folder) => rm(folder, { recursive: true, force: true }))))

describe('a command line that cannot be understood', () => {
  it.each<[string[], RegExp]>([
    [['no-such-command'], /unknown command 'no-such-command'/],
    [['lst'], /Did you mean list\?/],
    [['demo', 'money', 'extra'], /too many arguments/],
    [['demo', 'weather'], /expected money or security/],
    [['security', 'findings', '--limit', '0'], /expected an integer from 1 to 200/],
    [['security', 'approve', 'pln_1'], /no --reason/],
    [['security', 'silence', '--reason', 'too loud'], /expected --rule, --incident or --entity/],
    [['demo', '--seed', 'abc'], /^BEE_USAGE: --seed: received "abc", expected a whole number/],
    [['demo', '--seed', '-1'], /^BEE_USAGE: --seed: received "-1"/],
    [['submit'], /missing required argument 'bee\/task'/],
    [['submit', 'greeter'], /^BEE_USAGE: Received "greeter", expected bee\/task/],
    [['submit', 'a/b/c'], /^BEE_USAGE: Received "a\/b\/c", expected bee\/task/],
    [['submit', 'a/b', 'no JSON'], /^BEE_USAGE: The input: .*expected a JSON object/],
    [['submit', 'a/b', '[1]'], /^BEE_USAGE: The input: .*expected a JSON object/],
    [['submit', 'a/b', '--timeout', 'soon'], /^BEE_USAGE: --timeout: received "soon", expected a number of seconds/],
    [['submit', 'a/b', '--timeout', '0'], /^BEE_USAGE: --timeout: received "0"/],
    [['submit', 'a/b', '--file', '/no/such/file'], /^BEE_USAGE: --file: received \/no\/such\/file \(ENOENT\)/],
    [['verify'], /^BEE_USAGE: Received neither a process id nor --receipt/],
    [['verify', 'abc'], /^BEE_USAGE: Received "abc", expected a process id: 64 hex digits/],
    [['verify', '--receipt', 'x'], /^BEE_USAGE: Received --receipt without --keys/],
    [['verify', '--receipt', '/no/receipt', '--keys', '/no/keys'], /^BEE_USAGE: --receipt: received \/no\/receipt/],
    [['verify', processId, '--receipt', 'x', '--keys', 'y'], /^BEE_USAGE: Received a process id and --receipt/],
    [['new'], /missing required argument 'name'/],
    [['new', 'Bad Name'], /^BEE_BEE_INVALID: expected a name like greeter.* received "Bad Name"/],
    [['new', '../finance'], /^BEE_BEE_INVALID: .*received "..\/finance"/],
    [['new', 'finance'], /^BEE_BEE_DUPLICATE: .*there is bees\/finance.* already/],
    [['keys', 'door'], /^BEE_USAGE: Received "door", expected receipt, submitter, approver or executor/],
    [['migrate'], /^BEE_CONFIG_INVALID: DATABASE_URL is not set: expected/],
    [['doctor', '--fast'], /unknown option '--fast'/],
  ])('bees %j', async (args, expected) => {
    const { code, out, err } = await runBees(args, { dataDir: empty })
    expect(err).toMatch(expected)
    expect(err).toMatch(/\nnext: |\(bees --help/)
    expect(err).not.toContain('\u001b')
    expect(out).toBe('')
    expect(code).toBe(1)
  })
})

describe('without a hive', () => {
  it.each([[['demo']], [['submit', 'finance/apply_stripe_event', '{}']], [['verify', processId]], [['dead']]])(
    'bees %j says that none runs here',
    async (args) => {
      const { code, err } = await runBees(args, { dataDir: empty })
      expect(err).toMatch(/^BEE_CONFIG_INVALID: [A-Z_]+ is not set, and no local hive runs in .*npm start/)
      expect(code).toBe(1)
    },
  )

  it.each([
    [['demo'], /^BEE_UNREACHABLE: The hive at http:\/\/127\.0\.0\.1:1 does not answer/],
    [['submit', 'finance/apply_stripe_event', '{}'], /^BEE_UNREACHABLE: The Colonies server at .* does not answer/],
    [['dead', 'list'], /^BEE_UNREACHABLE: The Colonies server at .* does not answer/],
    [['verify', processId], /^BEE_UNREACHABLE: The database at .* does not answer/],
  ])('bees %j says soon that the hive of this folder has ended', async (args, expected) => {
    const beganMs = performance.now()
    const { code, err } = await runBees(args, { dataDir: gone })
    expect(err).toMatch(expected)
    expect(code).toBe(1)
    // The answer is there at once; the bound only has to tell it from a wait of half a minute.
    expect(performance.now() - beganMs).toBeLessThan(20_000)
  })

  it('bees start in a shell that has read the settings of an ended hive says so instead of waiting for it', async () => {
    const settings = goneHive.map((line) => /^export (\w+)='(.*)'$/.exec(line)?.slice(1) as [string, string])
    const { code, err } = await runBees(['start'], { dataDir: gone, env: Object.fromEntries(settings) })
    expect(err).toMatch(/^BEE_CONFIG_INVALID: Received the settings that a local hive has left in .*local\.env/)
    expect(err).not.toMatch(/secret_of|whsec_of|abab/)
    expect(code).toBe(1)
  })

  it('bees doctor names each part that is away, once, and shows no secret', async () => {
    const { code, out } = await runBees(['doctor'], { dataDir: gone })
    for (const part of ['broker', 'database', 'hive']) {
      expect(out).toMatch(new RegExp(`✗ ${part} +BEE_UNREACHABLE: .* does not answer`))
    }
    expect(out).not.toMatch(/secret_of|whsec_of|abab/)
    expect(code).toBe(1)
  })

  it('bees doctor tells of wrong settings and does not repeat them', async () => {
    const { code, out } = await runBees(['doctor'], {
      dataDir: gone,
      env: { BEES_PORT: 'eighty', COLONIES_PRVKEY: 'zz' },
    })
    expect(out.match(/BEE_CONFIG_INVALID/g)).toHaveLength(1)
    expect(out).toContain('BEES_PORT: expected a port number')
    expect(out).not.toContain('eighty')
    expect(code).toBe(1)
  })

  it('bees doctor is content with a machine on which nothing was started yet', async () => {
    const { code, out } = await runBees(['doctor'], { dataDir: empty })
    expect(out).toContain('npm start')
    expect(code).toBe(0)
  })
})

it('a reader that stops early is no error', async () => {
  const shell = spawn('sh', ['-c', `"$NODE" bin/bees.js list --json | head -c 1`], {
    cwd: projectDir,
    env: cleanEnv({ NODE: process.execPath }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let err = ''
  shell.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  shell.stdout.resume()
  await once(shell, 'close')
  expect(err).toBe('')
})
