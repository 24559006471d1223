import { storageError } from './storage-error.ts'

/** What Supabase Storage takes: these characters only, so no NUL, no backslash, no percent, no look-alikes. */
const nameCharacters = /^[\w/!.\-*'() &$@=;:+,?]+$/
const bucketName = /^[A-Za-z0-9][\w.-]{0,99}$/

/**
 * An object name as it is, or an error; names are refused, never mended.
 * @throws ReplyError InvalidKey
 */
export function checkObjectName(name: string): string {
  const segments = name.split('/')
  const wrong =
    name.length > 1024 ||
    !nameCharacters.test(name) ||
    segments.some((segment) => segment === '' || segment === '.' || segment === '..' || segment.trim() !== segment)
  if (wrong) throw storageError(400, 'InvalidKey', `Invalid key: ${printable(name)}`)
  return name
}

/** @throws ReplyError InvalidBucketName */
export function checkBucketName(name: string): string {
  if (!bucketName.test(name) || name.includes('..')) {
    throw storageError(400, 'InvalidBucketName', `Bucket name invalid: ${printable(name)}`)
  }
  return name
}

const printable = (name: string): string => JSON.stringify(name.slice(0, 100)).slice(1, -1)
