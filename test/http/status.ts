import type { HiveStatus } from '../../src/http/index.ts'

export const emptyStatus: HiveStatus = {
  version: '0.0.0',
  colony: '<b>dev</b>',
  startedAt: '2026-01-01T00:00:00.000Z',
  ready: true,
  reasons: [],
  broker: 'http://127.0.0.1:1',
  database: 'http://127.0.0.1:2',
  breaker: 'closed',
  bees: [{ name: 'greeter', state: 'polling', busy: 1, slots: 4, lastPollAgeMs: 1500, tasks: ['hello'] }],
  schedules: [],
}
