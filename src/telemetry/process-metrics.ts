import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

/**
 * The few metrics of the OS process that we stand for. prom-client's default set is not used: it does not pass
 * `promtool check metrics` and is large.
 */
export function processMetrics(registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const registers = [registry]
  new Gauge({
    name: 'bees_event_loop_delay_seconds',
    help: 'How late timers of the main thread were since the last scrape.',
    labelNames: ['quantile'],
    registers,
    collect() {
      // The histogram counts the timer's own interval of 20 ms as well.
      const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - 0.02)
      this.set({ quantile: '0.5' }, late(delay.percentile(50)))
      this.set({ quantile: '0.99' }, late(delay.percentile(99)))
      this.set({ quantile: '1' }, late(delay.max))
      delay.reset()
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time used, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start of the OS process, seconds since 1970.',
    registers,
  }).set(Math.round(Date.now() / 1000 - process.uptime()))
}
