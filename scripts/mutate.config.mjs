import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import workspace from '../vitest.workspace.ts'

const setup = fileURLToPath(new URL('mutate.setup.mjs', import.meta.url))

/** Runs the files that were quickest in the previous run first, because the first failure is enough. */
class QuickestFirst extends BaseSequencer {
  async sort(files) {
    const { cache, config } = this.ctx
    const time = ({ project, moduleId }) =>
      cache.getFileTestResults(`${project.name}:${relative(config.root, moduleId)}`)?.duration ?? 0
    return [...files].sort((a, b) => time(a) - time(b))
  }
}

/** The tests of `npm test`, configured for scripts/mutate.mjs. */
export default mergeConfig(
  workspace,
  defineConfig({ test: { setupFiles: [setup], sequence: { sequencer: QuickestFirst } } }),
)
