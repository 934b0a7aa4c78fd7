"""Where provisioning events come from, and where they stay."""
