module.exports = {
  transform: { '\\.[cm]?[jt]s$': ['babel-jest', { configFile: `${__dirname}/babel.config.cjs` }] },
  // Babel compiles the tests to CommonJS, so it must also compile the ES modules that they import.
  transformIgnorePatterns: ['/node_modules/(?!@context-store/)'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
}
