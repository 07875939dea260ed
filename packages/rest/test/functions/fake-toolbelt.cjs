// Stands in for the platform's toolbelt, which only the vendor's cloud has. It has the constructor that tests replace.
module.exports = {
  Toolbelt: {
    ContextServiceClient(config) {
      throw new Error(`the toolbelt of account ${config.accountId} is not replaced by a spy`)
    },
  },
}
