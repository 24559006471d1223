import { createHash } from 'node:crypto'
import { loadavg } from 'node:os'
import { median, number } from './statistics.ts'

/** A fixed piece of work, hashing and big integers as the fleet has them. @returns its CPU time, ms */
function calibrate(): number {
  const before = process.cpuUsage()
  let text = ''
  let product = 1n
  for (let index = 0; index < 20_000; index += 1) {
    text = createHash('sha256').update(`${text}${index}`).digest('hex')
    product = (product * (BigInt(index) + 0x1000003d1n)) % (2n ** 256n - 189n)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system + Number(product & 0n)) / 1000
}

/** How steady the machine is: the same loop before and after each row. */
export function createNoise() {
  calibrate()
  const passesMs: number[] = []
  const startLoad = loadavg()[0] ?? 0
  return {
    sample(): void {
      for (let pass = 0; pass < 3; pass += 1) passesMs.push(calibrate())
    },
    summary(): string {
      const least = Math.min(...passesMs)
      const most = Math.max(...passesMs)
      return (
        `noise: the same loop took ${number(least)} to ${number(most)} ms of CPU (${number(most / least)}×), ` +
        `median ${number(median(passesMs))} ms, ${passesMs.length} passes; ` +
        `load average ${number(startLoad)} at the start, ${number(loadavg()[0] ?? 0)} at the end`
      )
    },
  }
}
