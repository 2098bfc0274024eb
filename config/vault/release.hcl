# Tasks that sign and verify releases (connection vault_default). The private key never leaves OpenBao.
path "transit/sign/release" {
  capabilities = ["update"]
}

path "transit/verify/release" {
  capabilities = ["update"]
}

path "transit/keys/release" {
  capabilities = ["read"]
}
