import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, it } from 'vitest'
import { selfSigned } from './certificate.ts'
import { type AlertDesk, hourMs, incidentId, minuteMs, openDesk, secondMs } from './desk.ts'

interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  readonly secure: boolean
  readonly user: string | undefined
}

interface MailServer {
  readonly port: number
  readonly mails: Mail[]
  /** What the server says to a message. @default it takes it */
  refuse: { readonly responseCode: number } | undefined
  [Symbol.asyncDispose](): Promise<void>
}

const certificate = selfSigned('localhost')
const password = 'CANARY-mail-password'

async function startMail(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    ...{ ...certificate, authOptional: true, disableReverseLookup: true, logger: false, closeTimeout: 10 },
    onAuth: ({ username, password: given }, _session, done) =>
      given === password ? done(null, { user: username ?? '' }) : done(new Error('no such login')),
    onData: (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (mail.refuse !== undefined) return done(Object.assign(new Error('CANARY-from-the-server'), mail.refuse))
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        const to = envelope.rcptTo.map(({ address }) => address)
        mails.push({ from, to, text: Buffer.concat(chunks).toString('utf8'), secure, user: user as string | undefined })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const mail: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refuse: undefined,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return mail
}

const receiver = (server: MailServer, more: Record<string, unknown> = {}) => ({
  ...{ kind: 'email', name: 'mail', host: 'localhost', port: server.port, ca: certificate.cert, timeout_ms: 2000 },
  ...{ from: 'bees@example.org', to: ['ops@example.org', 'ada@example.org'] },
  ...more,
})

async function open(server: MailServer, more: Record<string, unknown> = {}): Promise<AlertDesk> {
  const lookup = async () => [{ address: '127.0.0.1', family: 4 as const }]
  const desk = await openDesk({ receivers: [receiver(server, more)], parts: { lookup } })
  await desk.deliver()
  return desk
}
const problem = async (desk: AlertDesk) =>
  (await desk.rows('select state, problem, status_code from security.deliveries')).map((row) => Object.values(row))[0]
const critical = { severity: 'critical' as const }

describe('mail', () => {
  it('is a digest, but for what is critical', async () => {
    await using server = await startMail()
    await using desk = await open(server)
    await desk.note(
      Array.from({ length: 5 }, (_, index) => ({
        incident: incidentId(`i${index}`),
        entity: { kind: 'user' as const, id: `user-${index}` },
      })),
    )
    await desk.note([{ incident: incidentId('worst'), ...critical }])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(server.mails[0]?.text).toContain('Subject: [critical] New:')
    expect(server.mails[0]).toMatchObject({ to: ['ops@example.org', 'ada@example.org'], secure: true })

    desk.nowMs += 15 * minuteMs
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(server.mails[1]?.text).toMatch(/Subject: \[high\] Security digest of acme: 5 incidents, 5 open/)

    // News within the hour waits for the next digest; what is over is in it.
    desk.nowMs += minuteMs
    await desk.note([{ incident: incidentId('i0'), entity: { kind: 'user', id: 'user-0' }, change: 'closed' }])
    expect(await desk.deliver()).toMatchObject({ sent: 0 })
    desk.nowMs += hourMs
    await desk.deliver()
    expect(server.mails.at(-1)?.text).toContain('OVER [high]')
    const of = (at: number, header: string) =>
      new RegExp(`^${header}: (.*)$`, 'im').exec(server.mails.at(at)?.text ?? '')?.[1]
    expect(of(-1, 'References')).toBe(of(1, 'References'))
    expect(of(-1, 'Message-ID')).not.toBe(of(1, 'Message-ID'))
    expect(of(0, 'Message-ID')).toMatch(/^<msg_[0-9a-f]{24}@example\.org>$/)
    expect(of(0, 'Auto-Submitted')).toBe('auto-generated')
  })

  it('lets nothing that was typed into a header, and nothing that looks like one', async () => {
    await using server = await startMail()
    await using desk = await open(server)
    const typed = 'x\r\nBcc: victim@example.com\r\nX-Evil: 1\r\n\r\n<script>\n.\nMAIL FROM:<evil@example.com>'
    await desk.note([
      { ...critical, title: typed, explanation: typed, entity: { kind: 'endpoint', id: typed.slice(0, 200) } },
    ])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    const [mail] = server.mails
    expect(server.mails).toHaveLength(1)
    expect(mail?.to).toEqual(['ops@example.org', 'ada@example.org'])
    const [head = ''] = (mail?.text ?? '').split('\r\n\r\n')
    expect(head).not.toMatch(/^(Bcc|X-Evil|MAIL FROM)/im)
    expect(mail?.text).not.toMatch(/^(Bcc|X-Evil|MAIL FROM)/im)
    expect(head).toMatch(/^Content-Type: text\/plain/im)
  })

  it('logs in behind TLS only, and gives up where the login is wrong', async () => {
    await using server = await startMail({ authOptional: false })
    await using desk = await open(server, { user: 'bees', password })
    await desk.note([critical])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    expect(server.mails[0]).toMatchObject({ user: 'bees', secure: true })

    await using wrong = await open(server, { user: 'bees', password: 'CANARY-wrong' })
    await wrong.note([critical])
    expect(await wrong.deliver()).toMatchObject({ dead: 1 })
    expect(await problem(wrong)).toEqual(['dead', 'login', 535])
  })

  it('says nothing to a server without TLS, or with a certificate that nobody vouches for', async () => {
    const heard: string[] = []
    await using plain = await startMail({
      disabledCommands: ['STARTTLS'],
      onMailFrom: ({ address }, _session, done) => {
        heard.push(address)
        done()
      },
    })
    await using desk = await open(plain)
    await desk.note([critical])
    expect(await desk.deliver()).toMatchObject({ retried: 1 })
    expect(await problem(desk)).toEqual(['waiting', 'tls', 500])

    await using server = await startMail()
    await using distrusting = await open(server, { ca: selfSigned('localhost').cert })
    await distrusting.note([critical])
    expect(await distrusting.deliver()).toMatchObject({ retried: 1 })
    await using misnamed = await open(server, { host: 'other.example' })
    await misnamed.note([critical])
    expect(await misnamed.deliver()).toMatchObject({ retried: 1 })
    expect([heard, server.mails.length]).toEqual([[], 0])
  })

  it('speaks TLS from the first byte where that is said, and none on the own machine', async () => {
    await using server = await startMail({ secure: true })
    await using desk = await open(server, { tls: 'implicit' })
    await desk.note([critical])
    expect(await desk.deliver()).toMatchObject({ sent: 1 })
    await using bare = await startMail({ disabledCommands: ['STARTTLS'] })
    await using local = await open(bare, { tls: 'none' })
    await local.note([critical])
    expect(await local.deliver()).toMatchObject({ sent: 1 })
    expect([server.mails[0]?.secure, bare.mails[0]?.secure]).toEqual([true, false])
  })

  it('repeats after a 4xx under the same message id, and gives up after a 5xx', async () => {
    await using server = await startMail()
    await using desk = await open(server)
    await desk.note([critical])
    server.refuse = { responseCode: 451 }
    expect(await desk.deliver()).toMatchObject({ retried: 1 })
    expect(await problem(desk)).toEqual(['waiting', 'unwell', 451])
    desk.nowMs += minuteMs
    server.refuse = undefined
    expect(await desk.deliver()).toMatchObject({ sent: 1 })

    await using other = await open(server)
    await other.note([critical])
    server.refuse = { responseCode: 554 }
    expect(await other.deliver()).toMatchObject({ dead: 1 })
    expect(await problem(other)).toEqual(['dead', 'refused', 554])
  })

  it('does not wait for a server that says nothing', async () => {
    await using server = await startMail({ onConnect: () => undefined })
    await using desk = await open(server, { timeout_ms: 300 })
    await desk.note([critical])
    const beganMs = performance.now()
    expect(await desk.deliver()).toMatchObject({ retried: 1 })
    expect(performance.now() - beganMs).toBeLessThan(3 * secondMs)
    expect(await problem(desk)).toEqual(['waiting', 'timeout', null])
  })
})
