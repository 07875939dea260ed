/** What `--help` prints. */
export const help = `Usage: context-store COMMAND

context-store serve [options]
  Serves a store of conversation context over HTTP, as the vendor's REST service does.

  --port N               the port; 0 takes a free one (8080)
  --host H               the address to listen on (127.0.0.1, this machine alone)
  --db FILE              the SQLite file; created if missing (./context-store.db)
  --memory               keep everything in memory instead; lost when the server ends
  --key KEY              the API key of every account (any key is valid)
  --account-key ACC:KEY  the API key of one account; may be repeated; other accounts have none
  --profile NAME         which of the vendor's pages to follow, 2019 or service (2019)
  --cors ORIGIN          let pages of this origin call from a browser, * for any (none)
  --namespaces explicit  a namespace must be created before it is used (implicit)
  --seed FILE            merge the data of this file first; JSON: account, namespace, session, properties
  --export-on-exit FILE  write all data to this file at exit, in the same form
  --control              be a test double: memory alone, and /control/ for its requests, faults, state and clock
  --quiet                do not print a line for each request
  --json                 print JSON, one object a line

Commands on a STORE: a SQLite file, a redis:// or rediss:// URL, or the http(s):// URL of a service.
Without SESSION, the session is __default__. The output is JSON, one object a line.

context-store get STORE ACCOUNT NAMESPACE [SESSION] [--property NAME]...
  Prints a session's properties, or those named; {} if there are none.
context-store set STORE ACCOUNT NAMESPACE [SESSION] JSON [--ttl SECONDS]
  Merges an object of properties into a session; - reads it from stdin.
context-store rm STORE ACCOUNT NAMESPACE SESSION [--property NAME]...
context-store rm STORE ACCOUNT NAMESPACE --all
  Removes properties, a session, or a namespace with all its sessions.
context-store ls STORE [ACCOUNT [NAMESPACE]]
  Lists accounts, an account's namespaces, a namespace's sessions.
context-store export STORE [ACCOUNT [NAMESPACE]]
  Prints namespaces and sessions with their properties, for import.
context-store import STORE [FILE]
  Merges the output of export, from a file or stdin; may be run again.

  --key KEY              the API key of a service (the environment's CONTEXT_STORE_KEY, else "any")

  --help                 print this help
  --version              print the version

Exit codes: 0 on success, for serve also after SIGINT or SIGTERM; 1 on failure; 2 for an invalid command line.`
