import { readdirSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

const folders = ['packages', 'examples'].flatMap((parent) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`),
)

export default defineConfig({
  test: {
    environment: 'node',
    // Tests start processes, pack packages and sync files: what they wait for takes as long as the machine takes.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // By default one core is left idle, half of a small machine.
    maxWorkers: '100%',
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
