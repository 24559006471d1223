/** A server in a process of its own, so that a test can kill it. Options as JSON in the first argument. */

import { type ColoniesServerOptions, startColoniesServer } from '../../../src/local/colonies/index.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ColoniesServerOptions
const server = await startColoniesServer(options)
process.stdout.write(`${server.url}\n`)
