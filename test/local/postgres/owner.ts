/** Run as a process of its own: starts a Postgres or takes a lock, says so on stdout, and lives until it is ended. */

import { acquireOwnerLock, startPostgres } from '../../../src/local/postgres/index.ts'

const [what = '', dataDir = '', durable = 'false'] = process.argv.slice(2)
const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

try {
  if (what === 'lock') {
    await acquireOwnerLock(dataDir)
    say({ locked: true })
  } else {
    const { url, pid } = await startPostgres({ dataDir, durable: durable === 'true' })
    say({ url, pid })
  }
  setInterval(() => undefined, 1_000)
} catch (error) {
  say({ code: (error as { code?: unknown }).code, message: String(error) })
  process.exitCode = 1
}
