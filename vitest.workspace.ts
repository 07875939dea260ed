import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const folders = ['packages', 'examples'].flatMap((parent) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`),
)

/** Files that take a minute or more; without a record of earlier runs, vitest would begin with the largest. */
const slow = [
  '/short-run.',
  '/packed.',
  '/fresh-folders.',
  '/soak.',
  '/toolbelt-comparison.',
  '/test-recipes/',
  '/histories.',
]

/** Begins with the slow files, so that no worker is left alone with one at the end. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification): boolean => slow.some((part) => moduleId.includes(part))
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

export default defineConfig({
  test: {
    environment: 'node',
    // Tests start processes, pack packages and sync files: what they wait for takes as long as the machine takes.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // By default one core is left idle, half of a small machine.
    maxWorkers: '100%',
    sequence: { sequencer: SlowFirst },
    reporters: process.env.CI ? ['default', 'json'] : ['default'],
    outputFile: { json: 'test-results/vitest.json' },
    projects: [
      ...folders.map((root) => ({
        extends: true as const,
        test: { name: root.replace(/^packages\//, ''), root, include: ['test/**/*.test.ts'] },
      })),
      { extends: true, test: { name: 'repository', include: ['test/**/*.test.ts'] } },
    ],
  },
})
