// An import, not a file that is read: a bundler takes it along.
import manifest from '../../package.json' with { type: 'json' }

/** Version of this program. */
export const { version } = manifest
