"""How Entra's provisioning service behaves as a SCIM client; pure."""
