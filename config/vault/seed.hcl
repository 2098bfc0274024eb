# Seeding at each start: writes entries and keeps policies, roles and keys as declared. It may not delete,
# and it cannot touch the audit device, the seal or the storage.
path "secret/data/*" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/*" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/*" {
  capabilities = ["create", "read", "update"]
}

path "transit/keys/*" {
  capabilities = ["create", "read", "update"]
}
