/** Postgres refuses to run as root, so root starts it as somebody who owns nothing else. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface UserIds {
  readonly uid: number
  readonly gid: number
}

const anonymous: UserIds = { uid: 65_534, gid: 65_534 }

/**
 * The user that Postgres runs as, or `undefined` for "the one we are". Only root has a choice: `postgres`, `nobody`,
 * else any other named user (initdb wants a name), else 65534.
 */
export function unprivilegedUser(
  uid: number | undefined = process.getuid?.(),
  passwd: string = readPasswd(),
): UserIds | undefined {
  if (uid !== 0) return undefined
  const users = new Map(passwd.split('\n').flatMap(parseUser))
  return users.get('postgres') ?? users.get('nobody') ?? [...users.values()].at(-1) ?? anonymous
}

function parseUser(line: string): [string, UserIds][] {
  const [name, , uidText, gidText] = line.split(':')
  const uid = Number.parseInt(uidText ?? '', 10)
  const gid = Number.parseInt(gidText ?? '', 10)
  return name && uid > 0 && gid > 0 ? [[name, { uid, gid }]] : []
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}

/** Can that user really read and run the programs? Asked of the kernel, which knows more than the mode bits say. */
export function canRun(native: string, user: UserIds): boolean {
  const script = 'test -r "$1/share/postgresql/postgres.bki" && exec "$1/bin/postgres" --version'
  return probe(script, native, user)
}

/** Can that user reach a folder? */
export function canReach(folder: string, user: UserIds): boolean {
  return probe('test -x "$1" && cd "$1"', folder, user)
}

function probe(script: string, argument: string, user: UserIds): boolean {
  const result = spawnSync('/bin/sh', ['-c', script, 'sh', argument], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
    timeout: 10_000,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  })
  return result.status === 0
}
