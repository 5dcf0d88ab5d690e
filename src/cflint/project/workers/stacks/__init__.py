"""Workers that Terraform, Pulumi, SST and Alchemy declare, with the bindings that these give them."""
