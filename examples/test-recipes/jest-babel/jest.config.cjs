module.exports = {
  transform: { '\\.[cm]?[jt]s$': ['babel-jest', { configFile: `${__dirname}/babel.config.cjs` }] },
  // Babel makes CommonJS of the tests, and must of the ES modules that they import.
  transformIgnorePatterns: ['/node_modules/(?!@context-store/)'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
}
