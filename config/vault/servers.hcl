# The launcher of a server: its own credentials.
path "secret/data/servers/*" {
  capabilities = ["read"]
}
