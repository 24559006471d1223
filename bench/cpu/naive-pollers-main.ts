/** The baseline of the idle row: four pollers that ask every second and sign each time. Started by rows/idle.ts. */
import { ColoniesClient, generatePrivateKey, identityOf } from '../../src/colonies/index.ts'
import { naiveSign } from './naive-secp256k1.ts'

const { COLONIES_SERVER_HOST: host, COLONIES_SERVER_PORT: port, COLONIES_COLONY_PRVKEY: ownerKey } = process.env
const windowMs = Number(process.env['BENCH_WINDOW_MS'])
const url = `http://${host}:${port}`
const owner = new ColoniesClient({ url, privateKey: ownerKey })
const names: string[] = []

const poller = async (index: number): Promise<void> => {
  const key = generatePrivateKey()
  const executor = {
    executorid: identityOf(key),
    executortype: 'naive-bench',
    executorname: `naive-${index}-${process.pid}`,
  }
  await owner.addExecutor({ ...executor, colonyname: 'dev' })
  await owner.approveExecutor('dev', executor.executorname)
  names.push(executor.executorname)
  const poll = async (): Promise<void> => {
    const payload = Buffer.from(
      JSON.stringify({ msgtype: 'assignprocessmsg', colonyname: 'dev', timeout: 1 }),
    ).toString('base64')
    const body = JSON.stringify({ payloadtype: 'assignprocessmsg', payload, signature: naiveSign(payload, key) })
    const response = await fetch(`${url}/api`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
    await response.text()
  }
  const forever = async (): Promise<never> => {
    for (;;) await poll()
  }
  forever().catch(() => process.exit(1))
}

await Promise.all([0, 1, 2, 3].map(poller))
await new Promise((resolve) => setTimeout(resolve, 1_500))
const before = process.cpuUsage()
await new Promise((resolve) => setTimeout(resolve, windowMs))
const { user, system } = process.cpuUsage(before)
for (const name of names) await owner.removeExecutor('dev', name).catch(() => undefined)
process.send?.(((user + system) / 1000 / windowMs) * 100)
process.once('disconnect', () => process.exit(0))
